"""What becomes of sockets, rooms and users. Times are timezone-aware datetimes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .decisions import Handshake

if TYPE_CHECKING:
    from .socket import Socket


@dataclass
class Connected:
    """A socket that has joined. late: it had joined before this service was introduced to it;
    moved: it came from another process of this service; recovered: it took up its session.
    The one that is told again has the same dedupe_id."""

    socket: Socket
    handshake: Handshake
    auth: Any
    connect_time: datetime | None
    late: bool
    moved: bool
    recovered: bool
    rooms: list[str]
    rooms_left_out: int
    attempt: int
    dedupe_id: bytes


@dataclass
class Disconnected:
    """A socket that has left. reason is one of Socket.IO's, or "hub lost": the hub that held the
    socket is gone and this process says so in its place."""

    socket: Socket
    reason: str
    close_code: int
    detail: str
    rooms: list[str]
    rooms_left_out: int
    disconnect_time: datetime | None
    recoverable_until: datetime | None
    attempt: int
    dedupe_id: bytes


@dataclass
class Released:
    """A socket that went to another process of this service: reason MOVED, REBALANCED, DRAINED."""

    socket: Socket
    reason: str


@dataclass
class RoomsChanged:
    """A change of a socket's rooms."""

    socket: Socket
    joined: list[str]
    left: list[str]


@dataclass
class Upgraded:
    """A browser that changed its transport."""

    socket: Socket
    transport: str


@dataclass
class RoomPresence:
    """A room that has sockets, or has none any more."""

    namespace: str
    room: str
    hub_id: str


@dataclass
class UserPresence:
    """A user who has sockets in a namespace, or has none any more."""

    namespace: str
    user: str
    hub_id: str
