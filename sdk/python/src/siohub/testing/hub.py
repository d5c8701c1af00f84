"""The fake hub."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from typing import Any

from siohub._core.options import Options
from siohub._core.status import make_error
from siohub._pb import attach_pb2, delivery_pb2, settlement_pb2, socket_pb2, status_pb2, subscription_pb2
from siohub._pb.capabilities import CAPABILITIES

from .client import PATIENCE, Client, ConnectError
from .execute import execute
from .stream import MemoryStream, MemoryWire

S = subscription_pb2


class Hub:
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

    # Browsers.

    async def connect(
        self, namespace: str = "/", *, auth: Any = None, headers: dict[str, str] | None = None, query: str = "",
        transport: str = "websocket",
    ) -> Client:  # fmt: skip
        """A browser that asks to join a namespace. Raises ConnectError when it is refused, and
        AssertionError when nobody decides."""
        await self.attached()
        client = Client(self, namespace, auth, headers or {}, query, transport)
        attempt = delivery_pb2.ConnectAttempt(handshake=client.handshake, auth=client.auth)
        self.clients[client.sid] = client
        settlement = await self.deliver(client, S.ROLE_AUTHORIZER, connect_attempt=attempt)
        if settlement.HasField("deny"):
            del self.clients[client.sid]
            raise ConnectError(settlement.deny.message or "Unauthorized", _json(settlement.deny.data))
        if not settlement.HasField("accept"):
            del self.clients[client.sid]
            raise AssertionError(f"undecided: {settlement.nack.status.message}")
        return client

    def _accepted(self, client: Client, settlement: Any) -> None:
        accept = settlement.accept
        client.user = client.socket.user = accept.user
        client.rooms.update(accept.rooms)
        if accept.data:
            client.socket.data, client.socket.data_version = accept.data, 1
        client.connected = True
        for command in settlement.commands:
            self.answer(execute(self, command))
        asyncio.ensure_future(self.deliver(client, S.ROLE_HANDLER, connected=self.introduction(client, settlement)))

    def introduction(self, client: Client, settlement: Any = None, late: bool = False) -> Any:
        """The connected of a socket."""
        made = delivery_pb2.Connected(handshake=client.handshake, rooms=sorted(client.rooms), late=late)
        made.rooms_version = client.rooms_version
        made.connect_time.GetCurrentTime()
        if settlement is not None and settlement.accept.keep_auth:
            made.auth = client.auth
        return made

    async def deliver_event(self, client: Client, event: str, payload: Any, wants_ack: bool, later: Any = None) -> Any:
        """Hands an event over and waits for its settlement."""
        made = delivery_pb2.Event(name=event, wants_ack=wants_ack)
        made.payload.args = payload.args
        made.payload.attachments.extend(payload.attachments)
        made.receive_time.GetCurrentTime()
        return await self.deliver(client, S.ROLE_HANDLER, later, event=made)

    async def leave(self, client: Client, reason: str) -> None:
        """A browser leaves."""
        if self.clients.pop(client.sid, None) is None:
            return
        rooms = sorted(client.rooms)
        client.ended(reason)
        made = delivery_pb2.Disconnected(reason=reason, rooms=rooms)
        made.disconnect_time.GetCurrentTime()
        await self.deliver(client, S.ROLE_HANDLER, disconnected=made)

    def expect_later(self) -> asyncio.Future[Any]:
        """What Done.ack_later leaves open."""
        return asyncio.get_running_loop().create_future()

    def acknowledge(self, dedupe_id: bytes, payload: Any) -> bool:
        """Gives an acknowledgement that was left open."""
        future = self._later.pop(dedupe_id, None)
        if future is None or future.done():
            return False
        future.set_result(payload)
        return True

    # Deliveries.

    async def deliver(self, client: Client, role: Any, later: Any = None, **body: Any) -> Any:
        """Hands something over, again after each try that asks for it, and waits for the end."""
        event = body["event"].name if "event" in body else ""
        kind = next(iter(body))
        subscription = self._find(role, client.namespace, event, kind)
        if subscription is None:
            if kind in ("connected", "disconnected"):
                return settlement_pb2.Settlement(done=settlement_pb2.Done())
            raise AssertionError(f"nobody asked for {event or kind} of {client.namespace}")
        dedupe = secrets.token_bytes(16)
        for attempt in range(1, 6):
            self._seq += 1
            delivery = delivery_pb2.Delivery(
                delivery_seq=self._seq, dedupe_id=dedupe, attempt=attempt, subscription_id=subscription.id, **body
            )
            delivery.socket.CopyFrom(client.socket)
            future = asyncio.get_running_loop().create_future()
            self._waiting[self._seq], self._deliveries[self._seq] = future, (delivery, client)
            if later is not None:
                self._later[dedupe] = later
            self.say(attach_pb2.Item(delivery=delivery))
            settlement = await asyncio.wait_for(future, PATIENCE)
            if not settlement.nack.retry:
                break
            await asyncio.sleep(min(settlement.nack.retry_delay.ToMilliseconds() / 1000, 0.05))
        return settlement

    def _find(self, role: Any, namespace: str, event: str, kind: str) -> Any:
        wanted = {"event": S.KIND_EVENT, "connected": S.KIND_CONNECTED, "disconnected": S.KIND_DISCONNECTED}.get(kind)
        best, rank = None, (-1, -1)
        for s in self._subscriptions:
            kinds = list(s.kinds) or [S.KIND_CONNECTED, S.KIND_EVENT, S.KIND_DISCONNECTED]
            if s.role != role or (role == S.ROLE_HANDLER and wanted not in kinds):
                continue
            fits = max((_specific(p, event) for p in s.events), default=0) if event else 0
            found = (_specific(s.namespace, namespace), fits)
            if min(found) >= 0 and found > rank:
                best, rank = s, found
        return best

    def settled(self, settlement: Any) -> None:
        """A settlement has come."""
        future = self._waiting.pop(settlement.delivery_seq, None)
        _, client = self._deliveries.pop(settlement.delivery_seq, (None, None))
        if future is None or future.done():
            status = status_pb2.Status(code=status_pb2.CODE_NOT_FOUND, reason="UNKNOWN_DELIVERY")
            self.say(attach_pb2.Item(result={"delivery_seq": settlement.delivery_seq, "status": status}))
            return
        if settlement.HasField("accept") and client is not None:
            self._accepted(client, settlement)
        else:
            for command in settlement.commands:
                self.answer(execute(self, command))
        future.set_result(settlement)

    # The stream.

    def greet(self, stream: MemoryStream, hello: Any) -> None:
        """A hello has come."""
        for n, name in enumerate(hello.required_capabilities):
            if name not in self.capabilities:
                text = f'the hub does not have "{name}"'
                stream.end(make_error("FAILED_PRECONDITION", "UNKNOWN_CAPABILITY", text, f"hello.required_capabilities[{n}]"))
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
            if client.connected and client.sid not in known and s is not None and s.introduction >= S.INTRODUCTION_ON_ATTACH:
                asyncio.ensure_future(
                    self.deliver(client, S.ROLE_HANDLER, connected=self.introduction(client, late=True))
                )

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


def _specific(pattern: str, name: str) -> int:
    """How specific a pattern is for a name; -1 when it does not take it."""
    if pattern == name:
        return 1 << 20
    if pattern.endswith("*") and name.startswith(pattern[:-1]):
        return len(pattern)
    return -1


def _json(raw: bytes) -> Any:
    import json

    return json.loads(raw) if raw else None


__all__ = ["Hub", "socket_pb2"]
