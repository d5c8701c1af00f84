"""The fake hub."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from typing import Any

from siohub._core.options import Options
from siohub._core.status import make_error
from siohub._pb import attach_pb2, socket_pb2, subscription_pb2
from siohub._pb.capabilities import CAPABILITIES

from .client import PATIENCE, Client
from .deliveries import Deliveries
from .execute import execute
from .stream import MemoryStream, MemoryWire

S = subscription_pb2


class Hub(Deliveries):
    """A hub with one application attached. Use it as an async context manager; `options` are for
    the server or service under test, which has to run on the same loop."""

    def __init__(self, capabilities: Iterable[str] = CAPABILITIES) -> None:
        """capabilities: what it can do, as the hubs of the contract say it; fewer make it an older one,
        others a newer one."""
        self.capabilities = tuple(capabilities)
        self.hub_id = secrets.token_hex(8)
        self.options = Options(hub="memory:1", dialer=lambda _: MemoryWire(self), backoff_min=0.001, backoff_max=0.05)
        self.clients: dict[str, Client] = {}
        self.streams = self.resumed = 0  # how many there were
        self.idempotent: dict[str, Any] = {}
        self.stream: MemoryStream | None = None
        self.attachment = b""
        self.sent: list[Any] = []  # envelopes without a receipt
        self.number = self.applied = 0
        self._subscriptions: list[Any] = []
        self._seq = secrets.randbelow(1 << 20) << 32
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._deliveries: dict[int, Any] = {}
        self._later: dict[bytes, asyncio.Future[Any]] = {}
        self._attached = asyncio.Event()

    async def __aenter__(self) -> Hub:
        return self

    async def __aexit__(self, *_: Any) -> None:
        self.drop()
        for future in (*self._waiting.values(), *self._later.values()):
            future.cancel()

    # The stream.

    def greet(self, stream: MemoryStream, hello: Any) -> None:
        """A hello has come."""
        for n, name in enumerate(hello.required_capabilities):
            if name not in self.capabilities:
                text = f'the hub does not have "{name}"'
                stream.end(
                    make_error("FAILED_PRECONDITION", "UNKNOWN_CAPABILITY", text, f"hello.required_capabilities[{n}]")
                )
                return
        self.streams += 1
        if self.stream is not None:
            self.stream.end(make_error("ABORTED", "TAKEN_OVER"))
        self.stream = stream
        welcome = attach_pb2.Welcome(
            hub_id=self.hub_id, hub_version="testing", capabilities=self.capabilities, command_window=256, max_envelope_bytes=4 << 20,
            window=attach_pb2.Window(deliveries=1024, bytes=16 << 20), hubs=[attach_pb2.HubInfo(id=self.hub_id)],
            subscriptions=[S.SubscriptionResult(effective=s) for s in hello.subscriptions],
        )  # fmt: skip
        welcome.heartbeat_interval.FromSeconds(5)
        self._subscriptions = list(hello.subscriptions)
        resumes = hello.HasField("resume") and hello.resume.attachment == self.attachment
        if resumes:
            self.resumed += 1
            again = [e for e in self.sent if e.envelope_seq > hello.resume.ack_envelope_seq]
            self.number, self.sent = hello.resume.ack_envelope_seq, []
            welcome.resumed, welcome.ack_envelope_seq = True, self.applied
        else:
            again, self.sent, self.number, self.applied = [], [], 0, 1
            self.attachment = secrets.token_bytes(16)
        welcome.attachment = self.attachment
        self.say(attach_pb2.Item(welcome=welcome))
        for envelope in again:
            for item in envelope.items:
                if item.WhichOneof("kind") != "welcome":
                    self.say(item)
        if not resumes:
            self._introduce()
        self.say(attach_pb2.Item(notice=attach_pb2.Notice(kind=attach_pb2.NOTICE_KIND_INTRODUCED, count=1)))
        self._attached.set()

    def _introduce(self) -> None:
        """A new attachment: what the old one had in hand comes again."""
        hand, self._deliveries = self._deliveries, {}
        known = set()
        for seq, (delivery, client) in hand.items():
            future = self._waiting.pop(seq)
            self._seq += 1
            delivery.delivery_seq, delivery.attempt = self._seq, delivery.attempt + 1
            self._waiting[self._seq], self._deliveries[self._seq] = future, (delivery, client)
            if delivery.WhichOneof("body") == "connected":
                known.add(client.sid)
            self.say(attach_pb2.Item(delivery=delivery))
        for client in list(self.clients.values()):
            s = self._find(S.ROLE_HANDLER, client.namespace, "", "connected")
            if (
                client.connected
                and client.sid not in known
                and s is not None
                and (s.introduction >= S.INTRODUCTION_ON_ATTACH or s.introduce_moved)
            ):
                connected = self.introduction(client, late=True)
                connected.moved = s.introduction < S.INTRODUCTION_ON_ATTACH
                asyncio.ensure_future(self.deliver(client, S.ROLE_HANDLER, connected=connected))

    def say(self, item: Any) -> None:
        """Sends an item, now or when the application comes back."""
        self.number += 1
        envelope = attach_pb2.AttachResponse(envelope_seq=self.number, ack_envelope_seq=self.applied, items=[item])
        self.sent.append(envelope)
        if self.stream is not None:
            self.stream.push(envelope)

    def answer(self, results: list[Any]) -> None:
        """Sends results."""
        for result in results:
            self.say(attach_pb2.Item(result=result))

    def take(self, envelope: Any) -> None:
        """An envelope of the application has come."""
        if envelope.envelope_seq:
            self.applied = envelope.envelope_seq
        self.sent = [e for e in self.sent if e.envelope_seq > envelope.ack_envelope_seq]
        for action in envelope.actions:
            kind = action.WhichOneof("kind")
            if kind == "settlement":
                self.settled(action.settlement)
            elif kind == "command":
                self.answer(execute(self, action.command))
            elif kind == "heartbeat":
                self.say(attach_pb2.Item(heartbeat=attach_pb2.Heartbeat()))
            elif kind == "drain" and self.stream is not None:
                self.stream.end(None)
                self.stream = None
                self._attached.clear()

    def rooms_changed(self, client: Client, joined: set[str], left: set[str]) -> None:
        """Tells who holds the socket."""
        client.rooms_version += 1
        change = attach_pb2.RoomsChanged(
            socket_id=client.sid, namespace=client.namespace, joined=sorted(joined), left=sorted(left),
            rooms_version=client.rooms_version,
        )  # fmt: skip
        if any(S.KIND_ROOMS in s.kinds for s in self._subscriptions):
            notice = attach_pb2.Notice(kind=attach_pb2.NOTICE_KIND_ROOMS_CHANGED, count=1, rooms_changed=change)
            self.say(attach_pb2.Item(notice=notice))

    # What tests do to it.

    async def attached(self) -> None:
        """Waits until the application is attached."""
        try:
            await asyncio.wait_for(self._attached.wait(), PATIENCE)
        except asyncio.TimeoutError:
            raise AssertionError("the application does not attach: was it started with hub.options?") from None

    def cut(self) -> None:
        """Breaks the stream; the application takes it up."""
        if self.stream is not None:
            self._attached.clear()
            stream, self.stream = self.stream, None
            stream.end(make_error("UNAVAILABLE", "", "the connection was lost"))

    def drop(self) -> None:
        """Breaks the stream and forgets the application: what it had in hand comes again."""
        self.attachment = b"forgotten"
        self.cut()


__all__ = ["Hub", "socket_pb2"]
