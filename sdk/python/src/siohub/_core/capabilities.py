"""What hubs can do that this version of the kit knows, and what it says where one of two is older.

The set is the contract's (docs/contract.md, "How it grows"); the package's version counts it.
"""

from __future__ import annotations

from typing import Any

from siohub._pb.capabilities import CAPABILITIES, NEEDED_BY
from siohub.errors import MissingCapability, StatusError

KNOWN = frozenset(CAPABILITIES)


def newer(capabilities: Any) -> list[str]:
    """What a hub can do that this kit does not know."""
    return sorted(set(capabilities) - KNOWN)


def lacking(err: StatusError, hello: Any) -> StatusError:
    """The error of a hello, with the capability that its hub does not have."""
    if err.reason != "UNKNOWN_CAPABILITY":
        return err
    index = err.field.rpartition("[")[2].removesuffix("]")
    asked = list(hello.required_capabilities)
    name = asked[int(index)] if index.isdigit() and int(index) < len(asked) else ", ".join(asked)
    return MissingCapability(err.code, err.reason, err.message, err.field, name)


def unknown(err: StatusError, root: Any) -> StatusError:
    """The error of a message that a hub did not know all of: with the field's name, of which it
    knows the number alone, and the capability that the field needs. root: the descriptor of what
    was sent."""
    if err.reason != "UNKNOWN_FIELD":
        return err
    at, path, capability = root, [], ""
    for part in err.field.split("."):
        name, _, index = part.partition("[")
        field = None
        if at is not None:
            field = at.fields_by_number.get(int(name)) if name.isdigit() else at.fields_by_name.get(name)
        if field is not None:
            capability = NEEDED_BY.get(f"{at.name}.{field.name}", capability)
            name, at = field.name, field.message_type
        path.append(f"{name}[{index}" if index else name)
    text = f"the hub does not know it: {_why(capability)}"
    return MissingCapability(err.code, err.reason, text, ".".join(path), capability)


def _why(capability: str) -> str:
    return f"it lacks the capability {capability!r}" if capability else "it is older than this version of siohub"
