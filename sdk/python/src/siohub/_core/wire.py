"""gRPC, as far as a kit needs it: one stream, and some calls, over one channel."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

import grpc
import grpc.aio

from siohub._pb import status_pb2
from siohub.errors import ConfigError, StatusError

from .options import TLS, is_local
from .status import CODES, make_error, status_error

ATTACH = "/hub.v1.AttachService/Attach"
CONTROL = "/hub.v1.ControlService/"

_HTTP = ("looked like an HTTP/1.1", "malformed HTTP", "unexpected HTTP status", "unexpected content-type", "Trying to connect an http1.x server")


class Call:
    """The Attach stream. Reads and writes may run beside each other, but one at a time of each."""

    def __init__(self, call: Any) -> None:
        self._call = call
        self.sent = 0  # envelopes, for who watches the heartbeat
        self._broken = False

    async def read(self) -> bytes | None:
        """The next envelope; None at a clean end. Raises StatusError."""
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
        """Sends an envelope. What is wrong is said by read."""
        try:
            await self._call.write(envelope)
            self.sent += 1
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError, grpc.aio.UsageError):
            await asyncio.sleep(0.001)

    async def finish(self) -> None:
        """Closes this side."""
        try:
            await self._call.done_writing()
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            pass

    def cancel(self) -> None:
        """Breaks the stream."""
        self._broken = True
        self._call.cancel()


class Wire:
    """A channel to one address, made for one stream: the wait between attempts is the kit's
    alone, and not that of a channel besides."""

    def __init__(
        self, address: str, *, tls: TLS | None, server_name: str = "", token: str = "", max_bytes: int = 4 << 20
    ) -> None:
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
        self.address = address
        self._metadata: Sequence[tuple[str, str]] = (("authorization", f"Bearer {token}"),) if token else ()
        if tls is None:
            self._channel = grpc.aio.insecure_channel(address, options=options)
            return
        name = tls.server_name or server_name
        if name:
            options.append(("grpc.ssl_target_name_override", name))
        self._channel = grpc.aio.secure_channel(address, tls.credentials(), options=options)

    def attach(self) -> Call:
        """Opens the stream."""
        method = self._channel.stream_stream(ATTACH, request_serializer=None, response_deserializer=None)
        return Call(method(metadata=self._metadata))

    async def unary(self, method: str, request: Any, answer: Callable[[bytes], Any], timeout: float | None = None) -> Any:
        """A call of ControlService. Raises StatusError."""
        call = self._channel.unary_unary(
            CONTROL + method, request_serializer=lambda m: m.SerializeToString(), response_deserializer=answer
        )
        try:
            return await call(request, metadata=self._metadata, timeout=timeout)
        except grpc.aio.AioRpcError as err:
            raise call_error(err) from None

    async def close(self) -> None:
        """Hangs up."""
        await self._channel.close()


def call_error(err: grpc.aio.AioRpcError) -> StatusError:
    """The error of a call as the hub said it."""
    for key, value in err.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            said = _detail(value)
            if said is not None:
                return said
    code: Any = err.code()
    return make_error(CODES.get(code.value[0], code.name), "", err.details() or "")


def _detail(raw: Any) -> StatusError | None:
    """The hub.v1.Status among the details of a google.rpc.Status."""
    from google.protobuf import any_pb2, struct_pb2  # noqa: F401

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


def now() -> float:
    """Seconds of a clock that only goes forward."""
    return time.monotonic()
