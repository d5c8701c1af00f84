"""What the hub says of an error beside its code: a hub.v1.Status in grpc-status-details-bin."""

from __future__ import annotations

import base64
from typing import Any

from siohub._pb import status_pb2
from siohub.errors import StatusError

from .status import status_error


def header_detail(text: bytes) -> StatusError | None:
    """detail of a header's value; None where there is none."""
    try:
        return detail(base64.b64decode(text + b"=" * (-len(text) % 4))) if text else None
    except ValueError:
        return None


def detail(raw: Any) -> StatusError | None:
    """The hub.v1.Status among the details of a google.rpc.Status; None where there is none."""
    from google.protobuf import any_pb2

    try:
        for number, value in _fields(bytes(raw)):
            if number == 3:
                packed = any_pb2.Any.FromString(value)
                if packed.type_url.endswith("/hub.v1.Status"):
                    return status_error(status_pb2.Status.FromString(packed.value))
    except Exception:  # what is no detail is none
        return None
    return None


def _fields(raw: bytes) -> list[tuple[int, bytes]]:
    """The fields of a message that are bytes."""
    found: list[tuple[int, bytes]] = []
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = raw[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
            if shift > 63:
                raise ValueError("a number is too large")

    while at < len(raw):
        tag = varint()
        if tag & 7 == 0:
            varint()
        elif tag & 7 == 2:
            size = varint()
            found.append((tag >> 3, raw[at : at + size]))
            at += size
        else:
            break
    return found
