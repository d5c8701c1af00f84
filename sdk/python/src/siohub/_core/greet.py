"""Hello and welcome."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from siohub._pb import attach_pb2
from siohub.errors import HubError, LeaseLost, StatusError

from . import capabilities, messages
from .attachment import Attachment
from .status import make_error, status_error
from .stream import Stream, parse
from .wire import Call, Wire

if TYPE_CHECKING:
    from .link import Link

ATTACH_TIMEOUT = 10.0  # connecting, hello and welcome together; a hub gives a hello 5 s
DEFAULT_HEARTBEAT = 5.0


class Alias(Exception):
    """The hub at the address is attached by another link."""


class NotResumed(Exception):
    """This side has forgotten what the hub asks for."""


class SubscriptionRefused(HubError):
    """The hub refuses a subscription."""


async def attach(link: Link, resume: Attachment | None) -> Stream:
    """Opens a stream on a new connection. The attachment that is given is taken up, if the
    hub knows it; None begins a new one. Raises what link.py names."""
    core = link.core
    token = _token(link)
    wire = core.dial(link.place, token)
    call: Call | None = None
    try:
        async with core.turn():
            hello = _hello(link, resume)
            core.greets(link, list(hello.attached_hub_ids))
            try:
                call = await asyncio.wait_for(wire.attach(), ATTACH_TIMEOUT)
                first = await asyncio.wait_for(_greet(call, hello), ATTACH_TIMEOUT)
            except asyncio.TimeoutError:
                raise make_error("DEADLINE_EXCEEDED", "", "no welcome in time") from None
            finally:
                core.greeted(link)
        return _welcomed(link, resume, hello, first, wire, call)
    except BaseException:
        if call is not None:
            call.cancel()
        await wire.close()
        raise


def _token(link: Link) -> str:
    options = link.core.options
    if options.token_source is None:
        return options.token
    token = options.token_source()
    if token and token == link.refused_token:
        raise make_error("UNAUTHENTICATED", "TOKEN_REFUSED", "the token that the hub refused has not changed")
    link.shown_token = token
    return token


async def _greet(call: Call, hello: Any) -> Any:
    first = messages.in_envelope(attach_pb2.Action(hello=hello))
    await call.write(messages.envelope(0 if hello.HasField("resume") else 1, 0, [first]))
    try:
        raw = await call.read()
    except StatusError as err:
        raise _refusal(err, hello) from None
    if raw is None:
        raise make_error("UNAVAILABLE", "", "the stream ended before the welcome")
    envelope = parse(raw)
    items = envelope.items
    if items and items[0].WhichOneof("kind") == "ended":
        raise _refusal(status_error(items[0].ended.status) or make_error("UNKNOWN"), hello)
    if not items or items[0].WhichOneof("kind") != "welcome":
        raise make_error("INTERNAL", "", "the first answer was no welcome")
    return envelope


def _refusal(err: StatusError, hello: Any) -> Exception:
    return Alias(str(err)) if err.code == "ALREADY_EXISTS" else capabilities.lacking(err, hello)


def _hello(link: Link, resume: Attachment | None) -> Any:
    core, options = link.core, link.core.options
    hello = attach_pb2.Hello(
        group=core.group,
        instance_id=options.instance_id,
        version=options.version,
        required_capabilities=options.required_capabilities,
        subscriptions=core.subscriptions(),
        window=attach_pb2.Window(
            deliveries=options.window_deliveries,
            bytes=options.window_bytes,
            observations=options.window_observations,
        ),
        weight=options.weight,
        keep_sockets=bool(options.keep_sockets),
        max_envelope_bytes=options.max_envelope_bytes,
        attached_hub_ids=core.hubs.attached_but(link),
    )
    if options.heartbeat:
        hello.heartbeat_interval.CopyFrom(messages.duration(options.heartbeat))
    if resume is not None and resume.id:
        hello.resume.attachment = resume.id
        hello.resume.hub_id = resume.peer.hub_id
        hello.resume.ack_envelope_seq = resume.received
    hello.anew = not hello.HasField("resume") and link.expected in core.hubs.lost
    return hello


def _welcomed(link: Link, resume: Attachment | None, hello: Any, first: Any, wire: Wire, call: Call) -> Stream:
    """Applies the hub's answer: takes the attachment up, or makes a new one."""
    core, welcome = link.core, first.items[0].welcome
    link.expected = welcome.hub_id
    _check_subscriptions(link, hello, welcome)
    _look_at_capabilities(link, welcome)
    interval = welcome.heartbeat_interval
    heartbeat = interval.seconds + interval.nanos / 1e9 or DEFAULT_HEARTBEAT
    early = list(first.items[1:])  # deliveries may stand in the same envelope
    if resume is not None and welcome.resumed:
        core.hubs.resumed(link, resume.peer, welcome)
        if not resume.take_up(welcome, first.envelope_seq):
            core.hubs.ended(link, resume.peer)
            raise NotResumed("the attachment cannot be resumed")
        return Stream(resume, wire, call, heartbeat, early)
    link.drop(LeaseLost("the hub has forgotten the attachment"))
    peer = core.hubs.meet(link, welcome, hello.anew)
    att = Attachment(link, peer, welcome)
    if not hello.HasField("resume"):
        att.outbox.last = 1  # the hello's
    att.received = first.envelope_seq
    link.att = peer.att = att
    return Stream(att, wire, call, heartbeat, early)


def _look_at_capabilities(link: Link, welcome: Any) -> None:
    more = capabilities.newer(welcome.capabilities)
    if more:
        text = "the hub at %s (%s) is newer than this version of siohub, which does not use what it has: %s"
        link.core.log.info(text, link.address, welcome.hub_version, ", ".join(more)[:1000])


def _check_subscriptions(link: Link, hello: Any, welcome: Any) -> None:
    core = link.core
    for asked, result in zip(hello.subscriptions, welcome.subscriptions, strict=False):
        err = status_error(result.status)
        if err is not None:
            err = capabilities.unknown(err, asked.DESCRIPTOR)
            if not core.program.optional(asked):
                raise SubscriptionRefused(f"the subscription to {asked.namespace} is refused: {err}") from err
            core.log.warning("the hub refuses the subscription to %s: %s", asked.namespace, err)
        for warning in result.warnings:
            core.log.warning("subscription to %s: %s %s", asked.namespace, warning.reason, warning.message)
