"""Writes src/siohub/_pb/capabilities.py: the capabilities that the comments of the contract name, and
the fields and values that need one ("Needs the capability `x.y`"). Called by generate.sh with the
folder of the proto files."""

from __future__ import annotations

import re
import sys
from pathlib import Path

NAME = r"`([a-z]+(?:\.[a-z]+)*)`"
_NAMED = re.compile(rf"[Cc]apabilit(?:y|ies)\b[^`.;]*{NAME}")
_NEEDS = re.compile(rf"Needs the capability {NAME}")
_OPENS = re.compile(r"^(?:message|enum|oneof|service) (\w+)")
_FIELD = re.compile(r"^(?:repeated |optional )?(?:[\w.<>, ]+ )?(\w+) = \d+")


def read(text: str) -> tuple[set[str], dict[str, str]]:
    """The capabilities that a proto file names, and those that its fields and values need."""
    named: set[str] = set()
    needed: dict[str, str] = {}
    within: list[str] = []
    comment = ""
    for line in (line.strip() for line in text.splitlines()):
        if line.startswith("//"):
            comment += line.removeprefix("//").strip() + " "
            continue
        named.update(_NAMED.findall(comment))
        field, needs = _FIELD.match(line), _NEEDS.search(comment)
        if field and needs and within:
            needed[f"{within[0]}.{field[1]}"] = needs[1]
        if line.endswith("{"):
            opens = _OPENS.match(line)
            within.append(opens[1] if opens else "")
        elif line.startswith("}") and within:
            within.pop()
        if line:
            comment = ""
    return named, needed


def read_all(folder: Path) -> tuple[tuple[str, ...], dict[str, str]]:
    """read of all files of a folder."""
    named: set[str] = set()
    needed: dict[str, str] = {}
    for file in sorted(folder.glob("*.proto")):
        names, needs = read(file.read_text(encoding="utf-8"))
        named |= names | set(needs.values())
        needed |= needs
    return tuple(sorted(named)), dict(sorted(needed.items()))


def main(folder: str) -> None:
    """Prints the module."""
    capabilities, needed = read_all(Path(folder))
    print('"""What the comments of the contract say of capabilities, made by generate.sh."""\n')
    print(f"CAPABILITIES: tuple[str, ...] = {capabilities!r}")
    print(f"NEEDED_BY: dict[str, str] = {needed!r}")


if __name__ == "__main__":
    main(sys.argv[1])
