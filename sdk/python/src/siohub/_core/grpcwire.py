"""The wire over grpc.aio."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from typing import Any

from siohub.errors import StatusError

from . import native
from .details import detail
from .messages import ATTACH, CONTROL, bearer
from .options import TLS, is_local
from .status import CODES, make_error


class _Later:
    """gRPC, imported when it is used: a process that forks had better not have it."""

    def __getattr__(self, name: str) -> Any:
        importlib.import_module("grpc.aio")
        return getattr(importlib.import_module("grpc"), name)


grpc: Any = _Later()


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
        self._metadata = bearer(token)
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

    async def unary(
        self, method: str, request: Any, answer: Callable[[bytes], Any], timeout: float, token: str = ""
    ) -> Any:
        """See Wire."""
        call = self._channel.unary_unary(
            CONTROL + method, request_serializer=lambda m: m.SerializeToString(), response_deserializer=answer
        )
        try:
            return await call(request, metadata=bearer(token), timeout=timeout)
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
