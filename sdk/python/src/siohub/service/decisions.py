"""Who asks to be let in, and what a handler decides. Lengths of time are seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from siohub._core.codec import Payload
from siohub._core.work import Work

from .values import encode_args

if TYPE_CHECKING:
    from .socket import Socket


@dataclass(frozen=True)
class EdgePolicy:
    """What a browser may send; the hub enforces it. 0 means no limit; burst 0 means
    events_per_second. events: exact names, or a prefix followed by "*"; none means all."""

    events: Sequence[str] = ()
    events_per_second: int = 0
    burst: int = 0
    bytes_per_second: int = 0


@dataclass(frozen=True)
class DecisionCache:
    """Lets the hub decide the same way by itself, for max_age seconds (at most 3600), for
    attempts with the same auth and the same values of these headers (all that the decision
    looked at)."""

    max_age: float
    headers: Sequence[str] = ()


@dataclass(frozen=True)
class Accept:
    """Lets a browser in. user: at most 256 bytes; data: JSON of at most 64 KiB, None leaves it
    unset; expires: when its connection is closed, to come back with what it has by then;
    refresh_before: seconds before that at which on_auth_expiring is asked; keep_auth: `auth`
    comes in Connected.auth for as long as the socket lives."""

    user: str = ""
    rooms: Sequence[str] = ()
    data: Any = None
    expires: datetime | None = None
    refresh_before: float = 0
    policy: EdgePolicy | None = None
    keep_auth: bool = False
    cache: DecisionCache | None = None


class Handshake:
    """What the hub knows of the HTTP request that opened a browser's connection."""

    def __init__(self, handshake: Any) -> None:
        self._h = handshake
        self.url: str = handshake.url
        self.remote_address: str = handshake.remote_address
        self.origin: str = handshake.origin
        self.transport: str = handshake.transport
        self.protocol_version: int = handshake.protocol_version
        self.secure: bool = handshake.secure

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The header lines; a name may stand in several."""
        return [(h.name, h.value) for h in self._h.headers]

    def header(self, name: str) -> str | None:
        """The first line of a header, whatever its letters; None without one."""
        name = name.lower()
        return next((h.value for h in self._h.headers if h.name.lower() == name), None)

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the URL."""
        return {q.name: q.value for q in self._h.query}

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies."""
        from http.cookies import CookieError, SimpleCookie

        found: dict[str, str] = {}
        for name, value in self.headers:
            if name.lower() == "cookie":
                try:
                    found.update((k, m.value) for k, m in SimpleCookie(value).items())
                except CookieError:
                    pass
        return found


@dataclass
class Recovery:
    """A session that a browser wants to take up. An Accept for another user refuses it."""

    user: str
    rooms: list[str]
    disconnect_time: datetime | None


@dataclass
class ConnectAttempt:
    """A browser that wants to join a namespace. attempt is 1 on the first try."""

    namespace: str
    socket_id: str
    client_id: str
    handshake: Handshake
    auth: Any
    recovery: Recovery | None
    attempt: int
    greetings: list[tuple[str, Payload]] = field(default_factory=list, repr=False)
    work: Work | None = field(default=None, repr=False)

    @property
    def revoked(self) -> BaseException | None:
        """Why this is not to be decided here any more: the browser left, or another process has
        decided. The handler's task is cancelled at the same time."""
        return self.work.cause if self.work is not None else None

    def emit(self, event: str, *args: Any) -> None:
        """Makes the browser receive an event right after it got in, before anything else.
        Nothing is sent when it does not get in."""
        self.greetings.append((event, encode_args(args)))


@dataclass
class AuthExpiring:
    """A socket whose authorization is about to end. The handler's Accept renews by its expires,
    refresh_before, data and policy; Deny ends the browser's connection."""

    socket: Socket
    expire_time: datetime | None
    attempt: int
