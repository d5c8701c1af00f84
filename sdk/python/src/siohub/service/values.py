"""Values of the contract and of Python."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from siohub._core.codec import Payload, encode
from siohub._core.status import invalid


def encode_args(args: Sequence[Any], field: str = "emit.payload.args") -> Payload:
    """An argument list as it travels; a Payload that stands alone is passed on unseen."""
    if args and isinstance(args[0], Payload):
        if len(args) > 1:
            raise invalid("BAD_ARGS", field, "a Payload has to be the only argument")
        return args[0]
    return encode(list(args), field)


def payload_of(message: Any) -> Payload:
    """A hub.v1.Payload."""
    return Payload(message.args, tuple(message.attachments))


def from_json(raw: bytes) -> Any:
    """A value; None where there is none."""
    return json.loads(raw) if raw else None


def to_time(message: Any, name: str) -> datetime | None:
    """A time of a message."""
    if not message.HasField(name):
        return None
    return getattr(message, name).ToDatetime(tzinfo=timezone.utc)  # type: ignore[no-any-return]
