"""gRPC, as far as a kit needs it: one stream, and some calls, over one connection."""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from siohub.errors import ConfigError, StatusError

from . import native
from .details import detail
from .exchange import Exchange
from .http2 import Connection
from .options import TLS, is_local
from .status import CODES, make_error


class _Later:
    """gRPC, imported when it is used: a process that forks had better not have it."""

    def __getattr__(self, name: str) -> Any:
        importlib.import_module("grpc.aio")
        return getattr(importlib.import_module("grpc"), name)


grpc: Any = _Later()

ATTACH = "/hub.v1.AttachService/Attach"
CONTROL = "/hub.v1.ControlService/"

_HTTP = ("looked like an HTTP/1.1", "malformed HTTP", "unexpected HTTP status", "unexpected content-type", "Trying to connect an http1.x server")


class Call(Protocol):
    """The Attach stream. Reads and writes may run beside each other, but one at a time of each."""

    sent: int
    """Envelopes, for who watches the heartbeat."""

    async def read(self) -> bytes | None:
        """The next envelope; None at a clean end. Raises StatusError."""

    async def write(self, envelope: bytes) -> None:
        """Sends an envelope. What is wrong is said by read."""

    async def finish(self) -> None:
        """Closes this side."""

    def cancel(self) -> None:
        """Breaks the stream."""


class Wire(Protocol):
    """A connection to one address, made for one stream: the wait between attempts is the kit's
    alone."""

    async def attach(self) -> Call:
        """Opens the stream."""

    async def unary(self, method: str, request: Any, answer: Callable[[bytes], Any], timeout: float) -> Any:
        """A call of ControlService. Raises StatusError."""

    async def close(self) -> None:
        """Hangs up."""


def dial(address: str, *, tls: TLS | None, server_name: str = "", token: str = "", max_bytes: int = 4 << 20) -> Wire:
    """A wire of the kind that HUB_TRANSPORT names: `lean`, the default, or `grpc`, which also
    takes addresses that only gRPC knows."""
    kind = os.environ.get("HUB_TRANSPORT", "lean")
    if kind != "grpc" and _is_plain(address):
        return LeanWire(address, tls, server_name, token, max_bytes)
    return GrpcWire(address, tls, server_name, token, max_bytes)


def _is_plain(address: str) -> bool:
    if address.startswith("unix:"):
        return True
    host, _, port = address.rpartition(":")
    return bool(host) and port.isdigit() and "/" not in host and (":" not in host or host.startswith("["))


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
        self._metadata = [("authorization", f"Bearer {token}")] if token else []
        self._connection: Connection | None = None
        self._dialling = asyncio.Lock()

    async def attach(self) -> LeanCall:
        """See Wire."""
        connection = await self._connect()
        return LeanCall(connection, connection.open(ATTACH, self._metadata))

    async def unary(self, method: str, request: Any, answer: Callable[[bytes], Any], timeout: float) -> Any:
        """See Wire."""
        try:
            return await asyncio.wait_for(self._unary(method, request, answer), timeout)
        except asyncio.TimeoutError:
            raise make_error("DEADLINE_EXCEEDED", "", f"no answer within {timeout} s") from None

    async def _unary(self, method: str, request: Any, answer: Callable[[bytes], Any]) -> Any:
        connection = await self._connect()
        exchange = connection.open(CONTROL + method, self._metadata)
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
                transport, connection = await loop.create_unix_connection(make, self._path, ssl=context, server_hostname=name)
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


class GrpcCall:
    """A Call over grpc.aio."""

    def __init__(self, call: Any) -> None:
        self._call = call
        self.sent = 0
        self._broken = False

    async def read(self) -> bytes | None:
        """See Call."""
        try:
            message = await self._call.read()
        except grpc.aio.AioRpcError as err:
            raise call_error(err) from None
        except asyncio.CancelledError:
            if self._broken:  # by cancel, which gRPC tells so
                raise make_error("CANCELLED", "", "the stream was broken from this side") from None
            raise
        return None if message is grpc.aio.EOF else message

    async def write(self, envelope: bytes) -> None:
        """See Call."""
        try:
            await self._call.write(envelope)
            self.sent += 1
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError, grpc.aio.UsageError):
            await asyncio.sleep(0.001)

    async def finish(self) -> None:
        """See Call."""
        try:
            await self._call.done_writing()
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            pass

    def cancel(self) -> None:
        """See Call."""
        self._broken = True
        self._call.cancel()


class GrpcWire:
    """A Wire over grpc.aio."""

    def __init__(self, address: str, tls: TLS | None, server_name: str, token: str, max_bytes: int) -> None:
        native.prepare_grpc()
        options: list[tuple[str, Any]] = [
            ("grpc.max_receive_message_length", max_bytes + (64 << 10)),
            ("grpc.max_send_message_length", -1),
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 5000),
            ("grpc.primary_user_agent", "siohub-python"),
        ]
        if is_local(address):
            options.append(("grpc.enable_http_proxy", 0))
        self._metadata: Sequence[tuple[str, str]] = (("authorization", f"Bearer {token}"),) if token else ()
        if tls is None:
            self._channel = grpc.aio.insecure_channel(address, options=options)
            return
        name = tls.server_name or server_name
        if name:
            options.append(("grpc.ssl_target_name_override", name))
        self._channel = grpc.aio.secure_channel(address, tls.credentials(), options=options)

    async def attach(self) -> GrpcCall:
        """See Wire."""
        method = self._channel.stream_stream(ATTACH, request_serializer=None, response_deserializer=None)
        return GrpcCall(method(metadata=self._metadata))

    async def unary(self, method: str, request: Any, answer: Callable[[bytes], Any], timeout: float) -> Any:
        """See Wire."""
        call = self._channel.unary_unary(
            CONTROL + method, request_serializer=lambda m: m.SerializeToString(), response_deserializer=answer
        )
        try:
            return await call(request, metadata=self._metadata, timeout=timeout)
        except grpc.aio.AioRpcError as err:
            raise call_error(err) from None

    async def close(self) -> None:
        """See Wire."""
        await self._channel.close()


def call_error(err: Any) -> StatusError:
    """The error of a call as the hub said it."""
    for key, value in err.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            said = detail(value)
            if said is not None:
                return said
    code: Any = err.code()
    return make_error(CODES.get(code.value[0], code.name), "", err.details() or "")


def browser_port(address: str, err: BaseException) -> BaseException:
    """Turns the error of a call to a port that is not a hub's control listener into one that
    says so."""
    if isinstance(err, StatusError) and any(part in err.message for part in _HTTP):
        return ConfigError(
            "hub",
            f"{address} answers HTTP, not gRPC: it may be the port for browsers; services reach the hub's "
            "control listener, port 7420 by default",
        )
    return err
