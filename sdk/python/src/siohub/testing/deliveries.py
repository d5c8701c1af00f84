"""What the fake hub hands to the application, and what becomes of it."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

from siohub._pb import attach_pb2, delivery_pb2, settlement_pb2, status_pb2, subscription_pb2

from .client import PATIENCE, Client, ConnectError
from .execute import execute

S = subscription_pb2


class Deliveries:
    """The part of Hub that has browsers."""

    hub_id: str
    clients: dict[str, Client]
    idempotent: dict[str, Any]
    _subscriptions: list[Any]
    _seq: int
    _waiting: dict[int, asyncio.Future[Any]]
    _deliveries: dict[int, Any]
    _later: dict[bytes, asyncio.Future[Any]]

    async def attached(self) -> None:
        """Waits until the application is attached."""
        raise NotImplementedError

    def say(self, item: Any) -> None:
        """Sends an item."""
        raise NotImplementedError

    def rooms_changed(self, client: Client, joined: set[str], left: set[str]) -> None:
        """Tells who holds the socket."""
        raise NotImplementedError

    def answer(self, results: list[Any]) -> None:
        """Sends results."""
        raise NotImplementedError

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
