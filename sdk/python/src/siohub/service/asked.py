"""What was registered, and what a subscription stands for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .decisions import Accept, AuthExpiring, ConnectAttempt
from .events import Call, Event
from .lifecycle import Connected, Disconnected, Released, RoomPresence, RoomsChanged, Upgraded, UserPresence

if TYPE_CHECKING:
    from .namespace import Namespace


@dataclass
class EventHandler:
    """One `on`."""

    pattern: str
    run: Callable[[Event], Awaitable[Any]]
    concurrent: bool
    at_most_once: bool


@dataclass
class Occupancy:
    """One on_room_occupied or on_room_vacated."""

    patterns: tuple[str, ...]
    occupied: bool
    run: Callable[[RoomPresence], Awaitable[Any]]

    def wants(self, room: str) -> bool:
        """Whether a pattern takes the room: a hub tells of the rooms of all patterns together."""
        return any(p == room or (p.endswith("*") and room.startswith(p[:-1])) for p in self.patterns)


@dataclass
class Asked:
    """What a Subscription.id stands for."""

    namespace: Namespace | None
    exact: dict[str, EventHandler] | None = None
    handler: EventHandler | None = None
    observer: Any = None

    def find(self, event: str) -> EventHandler | None:
        """The handler of an event."""
        return self.handler or (self.exact or {}).get(event)


@dataclass
class Handlers:
    """What was registered beside events."""

    connect: Callable[[ConnectAttempt], Awaitable[Accept]] | None = None
    expiring: Callable[[AuthExpiring], Awaitable[Accept]] | None = None
    connected: Callable[[Connected], Awaitable[Any]] | None = None
    disconnected: Callable[[Disconnected], Awaitable[Any]] | None = None
    released: Callable[[Released], Awaitable[Any]] | None = None
    rooms: Callable[[RoomsChanged], Awaitable[Any]] | None = None
    upgraded: Callable[[Upgraded], Awaitable[Any]] | None = None
    present: Callable[[UserPresence], Awaitable[Any]] | None = None
    absent: Callable[[UserPresence], Awaitable[Any]] | None = None
    occupancy: list[Occupancy] = field(default_factory=list)
    calls: dict[str, Callable[[Call], Awaitable[Any]]] = field(default_factory=dict)
    exact: dict[str, EventHandler] = field(default_factory=dict)
    prefixes: list[EventHandler] = field(default_factory=list)
