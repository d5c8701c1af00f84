"""A browser of the fake hub."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from siohub._core.codec import Payload, decode, encode
from siohub._pb import socket_pb2

if TYPE_CHECKING:
    from .deliveries import Deliveries

PATIENCE = 10.0  # seconds


class ConnectError(Exception):
    """The browser's connect_error: `data` is what the application said beside the message."""

    def __init__(self, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.message, self.data = message, data


class NoReply(Exception):
    """The application is done with the event and gave no reply: a browser's callback is never
    called. The text is what a handler that failed said."""


class Client:
    """A browser in one namespace; Hub.connect makes it."""

    def __init__(
        self, hub: Deliveries, namespace: str, auth: Any, headers: dict[str, str], query: str, transport: str
    ) -> None:
        self._hub = hub
        self.namespace = namespace
        self.sid = secrets.token_urlsafe(15)
        self.user = ""
        self.rooms: set[str] = set()
        self.connected = False
        self.reason = ""  # why it has left
        self.received: list[tuple[str, list[Any]]] = []
        self.answers: dict[str, Any] = {}  # what it acknowledges, by event: a list of arguments, or a function
        self.rooms_version = 0
        self._inbox: list[tuple[str, list[Any]]] = []
        self._changed = asyncio.Event()
        self.auth = json.dumps(auth).encode() if auth is not None else b""
        self.socket = socket_pb2.Socket(
            id=self.sid,
            namespace=namespace,
            hub_id=hub.hub_id,
            transport=transport,
            client_id=secrets.token_urlsafe(15),
        )
        self.handshake = socket_pb2.Handshake(
            url=f"/socket.io/?EIO=4&transport={transport}" + (f"&{query}" if query else ""),
            headers=[socket_pb2.Header(name=k, value=v) for k, v in sorted(headers.items())],
            query=[socket_pb2.QueryParameter(name=p.partition("=")[0], value=p.partition("=")[2]) for p in query.split("&") if p],
            remote_address="127.0.0.1", origin=headers.get("Origin", ""), transport=transport, protocol_version=4,
        )  # fmt: skip

    async def emit(self, event: str, *args: Any) -> None:
        """Emits without an acknowledgement, and waits until it was dealt with. Raises NoReply when
        the handler failed."""
        settlement = await self._hub.deliver_event(self, event, encode(args), False)
        if settlement.HasField("nack"):
            raise NoReply(settlement.nack.status.message)

    async def call(self, event: str, *args: Any) -> list[Any]:
        """Emits and waits for the acknowledgement: its arguments. Raises NoReply."""
        later = self._hub.expect_later()
        settlement = await self._hub.deliver_event(self, event, encode(args), True, later)
        if settlement.HasField("done") and settlement.done.ack_later:
            payload = await asyncio.wait_for(later, PATIENCE)
        elif settlement.HasField("reply"):
            payload = settlement.reply.payload
        else:
            raise NoReply(settlement.nack.status.message)
        return decode(payload.args, payload.attachments)

    async def expect(self, event: str) -> list[Any]:
        """The arguments of the next event of that name which it has not given out yet."""

        async def wait() -> list[Any]:
            while True:
                for n, (name, args) in enumerate(self._inbox):
                    if name == event:
                        del self._inbox[n]
                        return args
                self._changed.clear()
                await self._changed.wait()

        try:
            return await asyncio.wait_for(wait(), PATIENCE)
        except asyncio.TimeoutError:
            raise AssertionError(f"no {event!r} came; there was {self._inbox}") from None

    async def disconnect(self, reason: str = "client namespace disconnect") -> None:
        """Leaves, and waits until the application has dealt with it."""
        await self._hub.leave(self, reason)

    async def left(self) -> str:
        """Waits until it was disconnected, and says why."""

        async def wait() -> None:
            while self.connected:
                self._changed.clear()
                await self._changed.wait()

        await asyncio.wait_for(wait(), PATIENCE)
        return self.reason

    # For the hub.

    def receive(self, event: str, payload: Any) -> list[Any]:
        """An event for it."""
        args = decode(payload.args, payload.attachments)
        self.received.append((event, args))
        self._inbox.append((event, args))
        self._changed.set()
        return args

    def acknowledge(self, event: str, args: list[Any]) -> Payload | None:
        """What it acknowledges; None for nothing."""
        if event not in self.answers:
            return None
        answer: Any = self.answers[event]
        if isinstance(answer, Callable):  # type: ignore[arg-type]
            answer = answer(*args)
        return encode(answer if isinstance(answer, (list, tuple)) else [answer])

    def ended(self, reason: str) -> None:
        """It has left."""
        self.connected, self.reason = False, reason
        self._changed.set()
