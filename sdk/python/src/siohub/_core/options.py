"""How a process reaches its hubs, from arguments and from the environment."""

from __future__ import annotations

import ipaddress
import logging
import os
import secrets
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from siohub.errors import ConfigError

from .capabilities import newer

DEFAULT_PORT = "7420"
DEFAULT_HUB = "127.0.0.1:" + DEFAULT_PORT
MAX_NAME = 128
MAX_ACK_TIMEOUT = 300.0

log = logging.getLogger("siohub")


@dataclass(frozen=True)
class TLS:
    """Whom to trust and what to show, as files in PEM form; they are read for each
    connection. `ca` empty or "system" means the authorities of the system. `server_name` is
    what the hub's certificate names; empty means the host that is dialled."""

    ca: str = ""
    cert: str = ""
    key: str = ""
    server_name: str = ""

    def check(self) -> None:
        """Raises ConfigError for files that cannot be used."""
        if bool(self.cert) != bool(self.key):
            raise ConfigError("HUB_TLS_CERT", "needs HUB_TLS_KEY beside it, and the other way round")
        for name, path in (("HUB_TLS_CA", self.ca), ("HUB_TLS_CERT", self.cert), ("HUB_TLS_KEY", self.key)):
            if path and path != "system":
                try:
                    data = _read(path)
                except OSError as err:
                    raise ConfigError(name, str(err)) from err
                if b"-----BEGIN" not in data:
                    raise ConfigError(name, f"{path} has nothing in PEM form")
        try:
            self.context()
        except OSError as err:  # of ssl, too
            raise ConfigError("HUB_TLS_CERT" if self.cert else "HUB_TLS_CA", f"cannot be used: {err}") from err

    def context(self) -> ssl.SSLContext:
        """A context for connections of HTTP/2."""
        made = ssl.create_default_context(cafile=self.ca if self.ca and self.ca != "system" else None)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        made.set_alpn_protocols(["h2"])
        if self.cert:
            made.load_cert_chain(self.cert, self.key)
        return made

    def credentials(self) -> Any:
        """Channel credentials of gRPC."""
        import grpc

        roots = _read(self.ca) if self.ca and self.ca != "system" else _system_roots()
        key = _read(self.key) if self.key else None
        chain = _read(self.cert) if self.cert else None
        return grpc.ssl_channel_credentials(roots, key, chain)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _system_roots() -> bytes | None:
    paths = ssl.get_default_verify_paths()
    return _read(paths.cafile) if paths.cafile else None  # None: those that gRPC brings along


@dataclass(frozen=True)
class Options:
    """How a service reaches its hubs. The defaults reach one on the same machine, unless the
    environment says otherwise: HUB_ADDRESS, HUB_TOKEN, HUB_TOKEN_FILE, HUB_TLS_CA,
    HUB_TLS_CERT, HUB_TLS_KEY, HUB_TLS_SERVER_NAME. What is set here wins. Times are in
    seconds, sizes in bytes.

    hub: where the control listeners are, HOST:PORT, several with commas between them;
        dns:///NAME:PORT stands for each address that the name resolves to.
    token, token_source: the bearer token; the source is asked for each connection.
    instance_id: names this process; empty draws a random one. version: a label for logs.
    required_capabilities: without which the program cannot work, such as "recovery": a hub that
        does not have one is refused with MissingCapability.
    window_deliveries, window_bytes, window_observations: unsettled work of each hub at most.
    max_envelope_bytes: largest message that a hub may send, 1 MiB to 64 MiB.
    workers: handlers that run at the same time. weight: share among the processes.
    keep_sockets: whether a socket stays with this process for as long as it takes work; otherwise
        processes that come later get their share of the idle ones. None: it does with AsyncServer
        and Server, and not with Service.
    heartbeat: a wish, 1 to 60; 0 means the hub's own, 5.
    command_timeout: how long a command waits for a stream. ack_timeout: how long an emit with
        acknowledgements and a call wait, at most 300. close_timeout: for handlers in flight.
    """

    hub: str = ""
    token: str = field(default="", repr=False)
    token_source: Callable[[], str] | None = None
    tls: TLS | None = None
    instance_id: str = ""
    version: str = ""
    required_capabilities: tuple[str, ...] = ()
    window_deliveries: int = 1024
    window_bytes: int = 16 << 20
    window_observations: int = 1024
    max_envelope_bytes: int = 4 << 20
    weight: int = 1
    keep_sockets: bool | None = None
    workers: int = 1024
    heartbeat: float = 0.0
    backoff_min: float = 0.1
    backoff_max: float = 10.0
    command_timeout: float = 10.0
    ack_timeout: float = 10.0
    close_timeout: float = 10.0
    dialer: Callable[[str], Any] | None = field(default=None, repr=False)
    """Makes connections in the place of gRPC; for siohub.testing."""

    def completed(self, environ: Mapping[str, str] | None = None) -> Options:
        """These options with the environment and the defaults filled in, checked. Raises
        ConfigError."""
        get = (os.environ if environ is None else environ).get
        changes: dict[str, Any] = {"hub": self.hub or get("HUB_ADDRESS", "") or DEFAULT_HUB}
        if not self.token and self.token_source is None:
            changes["token"] = get("HUB_TOKEN", "")
            if not changes["token"] and get("HUB_TOKEN_FILE"):
                changes["token_source"] = token_file(get("HUB_TOKEN_FILE", ""))
        if self.tls is None:
            tls = TLS(
                get("HUB_TLS_CA", ""), get("HUB_TLS_CERT", ""), get("HUB_TLS_KEY", ""), get("HUB_TLS_SERVER_NAME", "")
            )
            changes["tls"] = tls if tls != TLS() else None
        if not self.instance_id:
            changes["instance_id"] = new_instance_id()
        done = replace(self, **changes)
        done._check()
        return done

    def _check(self) -> None:
        if self.tls is not None:
            self.tls.check()
        for name, value in (("instance_id", self.instance_id), ("version", self.version)):
            if len(value.encode("utf-8", "replace")) > MAX_NAME:
                raise ConfigError(name, f"{value!r}: at most {MAX_NAME} bytes")
        for name, low, high in (
            ("window_deliveries", 1, 1 << 31), ("window_bytes", 1, 1 << 31), ("window_observations", 1, 1 << 31),
            ("workers", 1, 1 << 20), ("max_envelope_bytes", 1 << 20, 64 << 20), ("weight", 1, 1000),
            ("backoff_min", 0.001, 3600), ("backoff_max", self.backoff_min, 3600), ("command_timeout", 1e-9, 3600),
            ("ack_timeout", 1e-9, MAX_ACK_TIMEOUT), ("close_timeout", 0, 3600),
        ):  # fmt: skip
            if not low <= getattr(self, name) <= high:
                raise ConfigError(name, f"{getattr(self, name)} is not allowed: {low} to {high}")
        if self.heartbeat and not 1 <= self.heartbeat <= 60:
            raise ConfigError("heartbeat", f"{self.heartbeat} is not allowed: 1 to 60, or 0")
        more = newer(self.required_capabilities)
        if more:
            raise ConfigError("required_capabilities", f"this version of siohub does not know {', '.join(more)}")
        for address in split_hubs(self.hub):
            not_a_hub(address)
            if self.in_the_clear(address):
                raise ConfigError("token", f"a token for {address} would travel in the clear; set tls")

    def in_the_clear(self, address: str) -> bool:
        """Whether a token would be readable on the way to an address."""
        return bool(self.token or self.token_source) and self.tls is None and not is_local(address)

    def follow(self, address: str) -> str:
        """Why an address that a hub has told may not be dialled; empty when it may."""
        host, _, port = address.rpartition(":")
        if not host or not port.isdigit() or int(port) > 65535 or any(c in host for c in "/ "):
            return "it is not HOST:PORT"
        if self.in_the_clear(address):
            return "the token would travel in the clear; set tls"
        return ""


def split_hubs(hubs: str) -> list[str]:
    """The addresses of a list, each once."""
    return list(dict.fromkeys(_with_port(part.strip()) for part in hubs.split(",") if part.strip()))


def _with_port(address: str) -> str:
    """Adds the port to a name or an IP address that has none."""
    host = address.removeprefix("dns:///")
    named = ":" in host and not (host.startswith("[") and host.endswith("]"))
    return address if named or not host else f"{address}:{DEFAULT_PORT}"


def not_a_hub(address: str) -> None:
    """Recognises an address that is meant for browsers. Raises ConfigError."""
    if address.lower().startswith(("http:", "https:", "ws:", "wss:")):
        raise ConfigError(
            "hub",
            f"{address} is an address for browsers; services reach the hub's control listener at HOST:PORT, "
            f"port {DEFAULT_PORT} by default",
        )


def is_local(target: str) -> bool:
    """Whether a gRPC target certainly stays on this machine."""
    if target.startswith(("unix:", "unix-abstract:")):
        return True
    target = target.rpartition(":///")[2]
    host = target.rpartition(":")[0] or target
    host = host.strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def token_file(path: str) -> Callable[[], str]:
    """A token source that reads a file for each connection: its first line that is not empty."""

    def read() -> str:
        with open(path, encoding="utf-8") as file:
            lines = file.read().split()
        if not lines:
            raise ConfigError("HUB_TOKEN_FILE", f"{path} is empty")
        return lines[0]

    return read


def new_instance_id() -> str:
    """The host's name, for people, and 8 random bytes."""
    return f"{socket.gethostname()[:64]}-{secrets.token_hex(8)}"
