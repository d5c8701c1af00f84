"""Decisions as they travel."""

from __future__ import annotations

from typing import Any

from google.protobuf import timestamp_pb2

from siohub._core import commands, messages
from siohub._core.codec import encode_json, well_formed
from siohub._core.work import Work
from siohub._pb import settlement_pb2 as pb
from siohub.errors import Deny

from .decisions import Accept


def denied(work: Work, deny: Deny, log: Any) -> bytes:
    """The settlement that refuses."""
    limit = work.att.max_envelope if work.att is not None else 0
    if deny.unknown_namespace:
        return messages.deny(work.seq, pb.Deny(reason=pb.DENY_REASON_NAMESPACE_UNKNOWN), None, limit, log)
    return messages.deny(work.seq, pb.Deny(message=well_formed(deny.message)), deny.data, limit, log)


def accepted(work: Work, accept: Accept, greetings: Any) -> bytes:
    """The settlement that lets in, with the events that are sent at once."""
    made = pb.Accept(
        user=commands.text(accept.user, "accept.user"), rooms=commands.texts(accept.rooms, "accept.rooms"),
        keep_auth=accept.keep_auth,
    )  # fmt: skip
    if accept.data is not None:
        made.data = encode_json(accept.data, "accept.data")
    if accept.expires is not None:
        made.expire_time.CopyFrom(timestamp_pb2.Timestamp())
        made.expire_time.FromDatetime(accept.expires)
    if accept.refresh_before:
        made.refresh_before.CopyFrom(messages.duration(accept.refresh_before))
    if accept.policy is not None:
        p = accept.policy
        made.policy.CopyFrom(
            pb.EdgePolicy(
                events=commands.texts(p.events, "accept.policy.events"),
                events_per_second=p.events_per_second,
                burst=p.burst,
                bytes_per_second=p.bytes_per_second,
            )
        )
    if accept.cache is not None:
        made.cache.headers.extend(commands.texts(accept.cache.headers, "accept.cache.headers"))
        made.cache.max_age.CopyFrom(messages.duration(accept.cache.max_age))
    socket = work.delivery.socket
    settlement = pb.Settlement(accept=made)
    for event, payload in greetings:
        to = commands.target(socket.namespace, sockets=[socket.id])
        settlement.commands.append(commands.emit(to, commands.check_event(event), payload))
    return messages.settle(work.seq, settlement)
