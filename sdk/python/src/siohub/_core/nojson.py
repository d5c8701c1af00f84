"""Says where a value is no JSON, after an encoder has refused it."""

from __future__ import annotations

import math
from typing import Any

from siohub.errors import InvalidArgument, InvalidType

CYCLE = "it contains itself"
MOST_DEPTH = 200  # levels that are looked at

Found = tuple[str, str, bool]  # path, problem, whether it is the type that is wrong


def no_json(value: Any, field: str, err: Exception, *, binary: bool = True) -> InvalidArgument:
    """The error of a value that an encoder did not take, with the path of what is wrong behind
    `field`, where it is found. binary: whether bytes may stand in the value."""
    path, problem, is_type = _Search(binary).find(value, 0) or ("", str(err), isinstance(err, TypeError))
    if isinstance(err, RecursionError) and problem != CYCLE:
        path, problem, is_type = "", "it is nested too deeply", False
    return (InvalidType if is_type else InvalidArgument)("INVALID_ARGUMENT", "BAD_JSON", problem, field + path)


class _Search:
    def __init__(self, binary: bool) -> None:
        self.fine = (str, int, bytes, bytearray, memoryview) if binary else (str, int)
        self.around: set[int] = set()  # ids of what the value stands in
        self.seen: set[int] = set()  # ids of what was looked through: it may stand in many places

    def find(self, value: Any, depth: int) -> Found | None:
        """The first thing that is no JSON."""
        if value is None or isinstance(value, self.fine):
            return None
        if isinstance(value, float):
            return None if math.isfinite(value) else ("", f"{value} is no JSON number", False)
        if not isinstance(value, (list, tuple, dict)):
            return "", f"a value of the type {type(value).__name__} has no form in JSON", True
        if id(value) in self.around:
            return "", CYCLE, False
        if depth >= MOST_DEPTH or id(value) in self.seen:
            return None
        self.around.add(id(value))
        found = self._in_object(value, depth) if isinstance(value, dict) else self._in_array(value, depth)
        self.around.discard(id(value))
        self.seen.add(id(value))
        return found

    def _in_array(self, value: Any, depth: int) -> Found | None:
        for n, item in enumerate(value):
            found = self.find(item, depth + 1)
            if found is not None:
                return f"[{n}]{found[0]}", found[1], found[2]
        return None

    def _in_object(self, value: dict[Any, Any], depth: int) -> Found | None:
        for key, item in value.items():
            if not (key is None or isinstance(key, (str, int, float))):
                return "", f"a key of the type {type(key).__name__} has no form in JSON", True
            found = self.find(item, depth + 1)
            if found is not None:
                return f".{str(key)[:64]}{found[0]}", found[1], found[2]
        return None
