"""Actions as bytes, ready for an envelope."""

from __future__ import annotations

import functools
from typing import Any

from google.protobuf import duration_pb2

from siohub._pb import attach_pb2, settlement_pb2, status_pb2
from siohub.errors import InvalidArgument, TooLarge

from .codec import Payload, encode_json, well_formed

Action = attach_pb2.Action
Settlement = settlement_pb2.Settlement


ATTACH = "/hub.v1.AttachService/Attach"
CONTROL = "/hub.v1.ControlService/"
MOST_TEXT = 64 << 10  # characters of a refusal's message


def bearer(token: str) -> list[tuple[str, str]]:
    """The metadata that names who calls; none without a token."""
    return [("authorization", f"Bearer {token}")] if token else []


def varint(n: int) -> bytes:
    """A number as protobuf writes it."""
    if n < 128:
        return _SMALL[n]
    if n < 16384:
        return _MIDDLE[n & 0x7F] + _SMALL[n >> 7]
    return _MIDDLE[n & 0x7F] + _MIDDLE[n >> 7 & 0x7F] + _high(n >> 14)


@functools.lru_cache(256)
def _high(n: int) -> bytes:
    """varint of the part of a delivery's number that seldom changes."""
    return varint(n)


_SMALL = [bytes([n]) for n in range(128)]
_MIDDLE = [bytes([n | 0x80]) for n in range(128)]


def in_envelope(action: Any) -> bytes:
    """An action as it stands in an envelope: field 3 of AttachRequest."""
    raw: bytes = action.SerializeToString()
    return b"\x1a" + varint(len(raw)) + raw


def envelope(number: int, receipt: int, entries: list[bytes]) -> bytes:
    """An AttachRequest of entries."""
    return b"".join((b"\x08", varint(number), b"\x10", varint(receipt), *entries))


def settle(seq: int, settlement: Any) -> bytes:
    """A settlement."""
    settlement.delivery_seq = seq
    return in_envelope(Action(settlement=settlement))


def done(seq: int) -> bytes:
    """Dealt with, nothing to say."""
    number = varint(seq)
    size = len(number) + 3
    return b"\x1a" + _SMALL[size + 2] + b"\x12" + _SMALL[size] + b"\x08" + number + b"\x12\x00"


def reply(seq: int, payload: Payload) -> bytes:
    """Dealt with, and this is the acknowledgement."""
    if payload.attachments:
        action = Action()
        settlement = action.settlement
        settlement.delivery_seq = seq
        out = settlement.reply.payload
        out.args = payload.args
        out.attachments.extend(payload.attachments)
        return in_envelope(action)
    # Written by hand, like done: most of what an event costs is said here.
    args = payload.args
    inner = b"\x0a%b%b" % (varint(len(args)), args) if args else b""  # Payload.args
    size = varint(len(inner))
    outer = varint(len(inner) + len(size) + 1)
    inner = b"\x08%b\x1a%b\x0a%b%b" % (varint(seq), outer, size, inner)  # Settlement.reply
    size = varint(len(inner))
    return b"\x1a%b\x12%b%b" % (varint(len(inner) + len(size) + 1), size, inner)


def ack_later(seq: int) -> bytes:
    """Dealt with; the acknowledgement stays open."""
    return settle(seq, Settlement(done=settlement_pb2.Done(ack_later=True)))


def nack(
    seq: int, text: str, *, retry: bool = False, delay: float = 0, elsewhere: bool = False, code: int = 2
) -> bytes:
    """Could not be dealt with."""
    status = status_pb2.Status(code=code, message=well_formed(text[:1000]))  # type: ignore[arg-type]
    out = settlement_pb2.Nack(status=status, retry=retry, elsewhere=elsewhere and retry)
    if delay > 0:
        out.retry_delay.CopyFrom(duration(delay))
    return settle(seq, Settlement(nack=out))


def deny(seq: int, made: Any, data: Any, limit: int, log: Any) -> bytes:
    """A refusal with its data; without them where they cannot travel, which is logged: nobody
    waits because of that."""
    if len(made.message) > MOST_TEXT:
        log.error("the message of a refusal has %d characters: it is cut", len(made.message))
        made.message = made.message[:MOST_TEXT]
    if data is not None:
        try:
            made.data = encode_json(data, "deny.data")
            if len(made.data) > limit:
                raise TooLarge(len(made.data), limit, "deny.data")
        except (InvalidArgument, TooLarge) as err:
            made.ClearField("data")
            log.error("a browser is refused without its data: %s", err)
    return settle(seq, Settlement(deny=made))


def duration(seconds: float) -> duration_pb2.Duration:
    """Seconds as protobuf has them."""
    whole = int(seconds)
    return duration_pb2.Duration(seconds=whole, nanos=int((seconds - whole) * 1e9))


HEARTBEAT = in_envelope(Action(heartbeat=attach_pb2.Heartbeat()))
DRAIN = in_envelope(Action(drain=attach_pb2.Drain()))
