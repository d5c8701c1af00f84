"""Values and names that no event can have, and what a call says of each: the exception's class, the
hub's reason, and the field behind the call's own."""

from __future__ import annotations

import datetime
import math
from typing import Any

import siohub

CYCLE: list[Any] = []
CYCLE.append(CYCLE)
DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]
BIG = 5 << 20

VALUES: dict[str, tuple[Any, type[Exception], str, str]] = {
    "nan": (math.nan, siohub.InvalidArgument, "BAD_JSON", ".args[0]"),
    "nan inside": ({"a": [1, {"b": math.inf}]}, siohub.InvalidArgument, "BAD_JSON", ".args[0].a[1].b"),
    "nan beside bytes": ([b"x", -math.inf], siohub.InvalidArgument, "BAD_JSON", ".args[0][1]"),
    "cycle": (CYCLE, siohub.InvalidArgument, "BAD_JSON", ".args[0][0]"),
    "cycle beside bytes": ({"b": b"x", "c": CYCLE}, siohub.InvalidArgument, "BAD_JSON", ".args[0].c[0]"),
    "deep": (DEEP, siohub.InvalidArgument, "BAD_JSON", ".args"),
    "object": ({"a": [object()]}, siohub.InvalidType, "BAD_JSON", ".args[0].a[0]"),
    "set": ({1}, siohub.InvalidType, "BAD_JSON", ".args[0]"),
    "time": (datetime.datetime(2026, 1, 1), siohub.InvalidType, "BAD_JSON", ".args[0]"),
    "bytes as a key": ({"a": {b"k": 1}}, siohub.InvalidType, "BAD_JSON", ".args[0].a"),
    "5 MiB": ("x" * BIG, siohub.TooLarge, "ENVELOPE_TOO_LARGE", ""),
    "5 MiB of bytes": ([[b"x" * BIG]], siohub.TooLarge, "ENVELOPE_TOO_LARGE", ""),
}
FINE: dict[str, tuple[Any, Any]] = {
    "bytes": ([{"a": b"x"}, bytearray(b"y"), memoryview(b"z")], [{"a": b"x"}, b"y", b"z"]),
    "surrogate": ({"\ud800": "\udfff"}, {"\ud800": "\udfff"}),
    "numbers": ([2**53 + 1, 1e308], [2**53 + 1, 1e308]),
}
EVENTS: dict[Any, tuple[type[Exception], str]] = {
    "connect": (siohub.InvalidArgument, "RESERVED_EVENT"),
    "connect_error": (siohub.InvalidArgument, "RESERVED_EVENT"),
    "disconnect": (siohub.InvalidArgument, "RESERVED_EVENT"),
    "disconnecting": (siohub.InvalidArgument, "RESERVED_EVENT"),
    "newListener": (siohub.InvalidArgument, "RESERVED_EVENT"),
    "removeListener": (siohub.InvalidArgument, "RESERVED_EVENT"),
    "": (siohub.InvalidArgument, "EMPTY_EVENT"),
    "x" * 129: (siohub.InvalidArgument, "BAD_NAME"),
    b"bytes": (siohub.InvalidType, "BAD_NAME"),
    5: (siohub.InvalidType, "BAD_NAME"),
}
ROOMS: list[tuple[Any, type[Exception], str]] = [
    ("", siohub.InvalidArgument, "EMPTY_NAME"),
    ("x" * 300, siohub.TooLarge, "ROOM_BYTES"),
    ("\x01user", siohub.InvalidArgument, "RESERVED_ROOM"),
    (["r"], siohub.InvalidType, "BAD_NAME"),
]
NAMESPACES: dict[Any, type[Exception]] = {
    "x": siohub.InvalidArgument, "\ud800": siohub.InvalidArgument, b"/x": siohub.InvalidType, 5: siohub.InvalidType,
}  # fmt: skip

UNREADABLE = b'{"n":' + b"1" * 5000 + b"}"  # JSON, with a number that is longer than Python reads


def check(error: BaseException | None, kind: type[Exception], reason: str, field: str) -> None:
    """Holds an exception against what it has to say."""
    assert error is not None, "there was no exception"
    said: Any = error
    assert isinstance(said, kind) and isinstance(said, siohub.HubError), repr(error)
    assert isinstance(said, TypeError if kind is siohub.InvalidType else ValueError), "Python's own"
    assert (said.reason, said.field) == (reason, field), str(error).encode("utf-8", "replace")
    assert reason in str(error) and field in str(error)
