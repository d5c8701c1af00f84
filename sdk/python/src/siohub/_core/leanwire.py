"""The wire over http2.py: on the application's loop, without threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from . import native
from .exchange import Exchange
from .http2 import Connection
from .messages import ATTACH, CONTROL, bearer
from .options import TLS
from .status import make_error


class LeanCall:
    """A Call over http2.py."""

    def __init__(self, connection: Connection, exchange: Exchange) -> None:
        self._connection, self._exchange = connection, exchange
        self.sent = 0

    async def read(self) -> bytes | None:
        """See Call."""
        return await self._exchange.read()

    async def write(self, envelope: bytes) -> None:
        """See Call."""
        self._exchange.send(envelope)
        if self._exchange.pending or self._connection.paused:
            await self._exchange.drained()
        self.sent += 1

    def listen(self, take: Callable[[bytes], None], ended: Callable[[], None]) -> None:
        """Gives envelopes to `take` as they come, from within the loop's reading, and says when the
        stream has ended: then read says how."""
        exchange = self._exchange
        while exchange.messages:
            take(exchange.take())
        exchange.sink, exchange.on_end = take, ended
        if exchange.ended:
            ended()

    def post(self, envelope: bytes) -> bool:
        """Sends an envelope at once. Whether more may be sent before drained."""
        self._exchange.send(envelope)
        self.sent += 1
        return not self._exchange.pending and not self._connection.paused

    async def drained(self) -> None:
        """Waits until more may be sent."""
        await self._exchange.drained()

    async def finish(self) -> None:
        """See Call."""
        self._exchange.finish()

    def cancel(self) -> None:
        """See Call."""
        self._connection.close()


class LeanWire:
    """A Wire over http2.py: a connection of the loop, without threads."""

    def __init__(self, address: str, tls: TLS | None, server_name: str, token: str, max_bytes: int) -> None:
        self.address, self._tls, self._max = address, tls, max_bytes
        self._path = address.removeprefix("unix:").removeprefix("//") if address.startswith("unix:") else ""
        host, _, port = address.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port) if port.isdigit() else 0
        self._name = (tls.server_name if tls else "") or server_name or self._host
        self._metadata = bearer(token)
        self._connection: Connection | None = None
        self._dialling = asyncio.Lock()

    async def attach(self) -> LeanCall:
        """See Wire."""
        connection = await self._connect()
        return LeanCall(connection, connection.open(ATTACH, self._metadata))

    async def unary(
        self, method: str, request: Any, answer: Callable[[bytes], Any], timeout: float, token: str = ""
    ) -> Any:
        """See Wire."""
        try:
            return await asyncio.wait_for(self._unary(method, request, answer, bearer(token)), timeout)
        except asyncio.TimeoutError:
            raise make_error("DEADLINE_EXCEEDED", "", f"no answer within {timeout} s") from None

    async def _unary(
        self, method: str, request: Any, answer: Callable[[bytes], Any], metadata: list[tuple[str, str]]
    ) -> Any:
        connection = await self._connect()
        exchange = connection.open(CONTROL + method, metadata)
        exchange.send(request.SerializeToString())
        exchange.finish()
        try:
            message = await exchange.read()
            if message is None:
                raise make_error("INTERNAL", "", "the call has no answer")
            await exchange.read()
            return answer(message)
        finally:
            connection.reset(exchange, make_error("CANCELLED"))

    async def _connect(self) -> Connection:
        async with self._dialling:
            if self._connection is None or not self._connection.usable:
                self._connection = await self._dial()
            return self._connection

    async def _dial(self) -> Connection:
        loop, secure = asyncio.get_running_loop(), self._tls is not None

        def make() -> Connection:
            authority = self._name if self._path else f"{self._host}:{self._port}"
            return Connection(loop, authority or "localhost", secure, self._max + (64 << 10))

        try:
            context = self._tls.context() if self._tls is not None else None
            name = self._name if secure else None
            if self._path:
                transport, connection = await loop.create_unix_connection(
                    make, self._path, ssl=context, server_hostname=name
                )
            else:
                transport, connection = await self._connect_tcp(loop, make, context, name)
        except OSError as err:
            raise make_error("UNAVAILABLE", "", f"no connection to {self.address}: {err}") from err
        if secure and transport.get_extra_info("ssl_object").selected_alpn_protocol() != "h2":
            connection.close()
            raise make_error("UNAVAILABLE", "", f"{self.address} does not speak HTTP/2 over TLS")
        return connection

    async def _connect_tcp(self, loop: Any, make: Callable[[], Connection], context: Any, name: str | None) -> Any:
        if not native.patched():
            return await loop.create_connection(make, self._host, self._port, ssl=context, server_hostname=name)
        sock = await native.connect(loop, self._host, self._port)
        return await loop.create_connection(make, sock=sock, ssl=context, server_hostname=name)

    async def close(self) -> None:
        """See Wire."""
        if self._connection is not None:
            self._connection.close()
