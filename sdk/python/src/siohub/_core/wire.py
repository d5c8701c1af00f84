"""gRPC, as far as a kit needs it: one stream, and some calls, over one connection."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Protocol

from siohub.errors import ConfigError, StatusError

from .grpcwire import GrpcWire
from .leanwire import LeanWire
from .options import TLS

_HTTP = (
    "looked like an HTTP/1.1",
    "malformed HTTP",
    "unexpected HTTP status",
    "unexpected content-type",
    "Trying to connect an http1.x server",
)


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

    async def unary(
        self, method: str, request: Any, answer: Callable[[bytes], Any], timeout: float, token: str = ""
    ) -> Any:
        """A call of ControlService, by whom the token names. Raises StatusError."""

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
