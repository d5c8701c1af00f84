"""Where handlers are registered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from siohub._core.commands import RESERVED
from siohub._core.messages import duration
from siohub._pb import subscription_pb2 as pb
from siohub.errors import ConfigError

from .asked import Asked, EventHandler, Handlers, Occupancy
from .decisions import Accept, ConnectAttempt
from .kinds import HandshakeDetail, Introduction, Overflow, SocketData
from .target import Target

if TYPE_CHECKING:
    from .service import Service

H = TypeVar("H", bound=Callable[..., Awaitable[Any]])
MAX_EVENTS = 256


class Namespace:
    """A namespace, exact ("/chat"), a pattern whose last segment stands for one or more
    ("/org/*"), or all ("*"); the most specific one gets the delivery.

    It has to be said who decides about connect attempts, by exactly one of on_connect,
    allow_anyone and authorized_elsewhere, or the service refuses to start.

    strict: the hub hands over what comes next of a socket once the one before is settled.
    concurrent: event handlers run beside others of the same socket.
    introduction: when on_connected runs: as sockets join (ON_CONNECT), with their first event
        (ON_EVENT), for all live sockets too when the service comes (ON_ATTACH), and also on the
        process to which a socket moves (ON_INSTANCE). track_rooms keeps Socket.rooms true, and
        includes ON_INSTANCE.
    settle_timeout: seconds (1 to 3600) after which a delivery is given to another try; 0: never.
    decision_timeout: seconds (1 to 60) after which another process is asked too; 0: 5.
    disconnect_grace: seconds (at most 300) for which on_disconnected is held back.
    """

    def __init__(
        self, service: Service, name: str, *, strict: bool = False, concurrent: bool = False,
        introduction: Introduction = Introduction.ON_CONNECT, track_rooms: bool = False,
        handshake: HandshakeDetail = HandshakeDetail.NONE, socket_data: SocketData = SocketData.ALWAYS,
        overflow: Overflow = Overflow.PAUSE, settle_timeout: float = 0, decision_timeout: float = 0,
        disconnect_grace: float = 0,
    ) -> None:  # fmt: skip
        self.service, self.name = service, name
        self.strict, self.concurrent, self.track_rooms = strict, concurrent, track_rooms
        self.introduction, self.handshake = introduction, handshake
        self.socket_data, self.overflow = socket_data, overflow
        self.settle_timeout, self.decision_timeout = settle_timeout, decision_timeout
        self.disconnect_grace = disconnect_grace
        self.handlers = Handlers()
        self.decision = ""

    # Who decides.

    def _decide(self, how: str, handler: Any) -> None:
        if self.decision:
            raise ConfigError(
                f"namespace {self.name!r}", f"{how} after {self.decision}: one of them decides who gets in"
            )
        self.decision, self.handlers.connect = how, handler

    def on_connect(self, handler: H) -> H:
        """Decides about connect attempts: returns an Accept, or raises Deny; any other error
        leaves it undecided, and the hub asks again for as long as the browser waits."""
        self._decide("on_connect", handler)
        return handler

    def allow_anyone(self) -> Namespace:
        """Lets every browser in, without user, rooms and data."""

        async def accept(_: ConnectAttempt) -> Accept:
            return Accept()

        self._decide("allow_anyone", accept)
        return self

    def authorized_elsewhere(self) -> Namespace:
        """Another service decides."""
        self._decide("authorized_elsewhere", None)
        return self

    def on_auth_expiring(self, handler: H) -> H:
        """Decides whether a socket may stay whose authorization is about to end."""
        self.handlers.expiring = handler
        return handler

    # Lifecycle.

    def on_connected(self, handler: H) -> H:
        """Hears of each socket that has joined, before its first event."""
        self.handlers.connected = handler
        return handler

    def on_disconnected(self, handler: H) -> H:
        """Hears of each socket that has left, after its last event."""
        self.handlers.disconnected = handler
        return handler

    def on_released(self, handler: H) -> H:
        """Hears of each socket that went to another process, after its last event here."""
        self.handlers.released = handler
        return handler

    def on_rooms_changed(self, handler: H) -> H:
        """Hears of each change of a socket's rooms. It tracks rooms."""
        self.handlers.rooms = handler
        return handler

    def on_upgraded(self, handler: H) -> H:
        """Hears of each browser that moved from polling to another transport."""
        self.handlers.upgraded = handler
        return handler

    def on_user_present(self, handler: H) -> H:
        """Hears of a user's first socket. Every process of the service hears it."""
        self.handlers.present = handler
        return handler

    def on_user_absent(self, handler: H) -> H:
        """Hears that a user's last socket has left."""
        self.handlers.absent = handler
        return handler

    def on_room_occupied(self, *patterns: str) -> Callable[[H], H]:
        """Decorator. Hears of the first socket in a room; patterns are names, or prefixes followed
        by "*"; none means all. Every process of the service hears it."""
        return self._occupancy(True, patterns)

    def on_room_vacated(self, *patterns: str) -> Callable[[H], H]:
        """Decorator. Hears that the last socket has left a room."""
        return self._occupancy(False, patterns)

    def _occupancy(self, occupied: bool, patterns: tuple[str, ...]) -> Callable[[H], H]:
        def register(handler: H) -> H:
            self.handlers.occupancy.append(Occupancy(patterns or ("*",), occupied, handler))
            return handler

        return register

    # Events and calls.

    def on(self, event: str, *, concurrent: bool = False, at_most_once: bool = False) -> Callable[[H], H]:
        """Decorator. Deals with an event: an exact name, a prefix followed by "*", or "*" for all
        that no other handler takes. What the handler returns is of no matter: Event.reply
        answers. concurrent: runs beside other handlers of the socket. at_most_once: the hub may
        drop an event when the stream is lost before it is settled."""

        def register(handler: H) -> H:
            made = EventHandler(event, handler, concurrent, at_most_once)
            field = f"namespace {self.name!r}"
            if event in RESERVED:
                raise ConfigError(field, f"event {event!r} is Socket.IO's own")
            if not event or len(event.encode("utf-8", "replace")) > 128 or "*" in event[:-1]:
                raise ConfigError(field, f"event {event!r}: 1 to 128 bytes, and `*` at the end alone")
            if event in self.handlers.exact or any(p.pattern == event for p in self.handlers.prefixes):
                raise ConfigError(field, f"event {event!r} has two handlers")
            if event.endswith("*"):
                self.handlers.prefixes.append(made)
            else:
                self.handlers.exact[event] = made
            return handler

        return register

    def on_call(self, name: str) -> Callable[[H], H]:
        """Decorator. Answers calls of other services; "*" takes all that no other one takes."""

        def register(handler: H) -> H:
            if name in self.handlers.calls:
                raise ConfigError(f"namespace {self.name!r}", f"call {name!r} has two handlers")
            self.handlers.calls[name] = handler
            return handler

        return register

    # Targets.

    def to(self, *rooms: str) -> Target:
        """The members of rooms."""
        return Target(self.service, self.name).to(*rooms)

    def sockets(self, *ids: str) -> Target:
        """Sockets by their ids."""
        return Target(self.service, self.name).sockets(*ids)

    def users(self, *ids: str) -> Target:
        """All sockets of users."""
        return Target(self.service, self.name).users(*ids)

    def all(self) -> Target:
        """Everybody."""
        return Target(self.service, self.name).all()

    async def emit(self, event: str, *args: Any) -> None:
        """Sends an event to everybody; see Target.emit."""
        await self.all().emit(event, *args)

    # Subscriptions.

    @property
    def tracks_rooms(self) -> bool:
        """Whether rooms are kept in this process."""
        return self.track_rooms or self.handlers.rooms is not None

    @property
    def follows(self) -> bool:
        """Whether this process has to know of each socket that it holds."""
        return self.tracks_rooms or self.handlers.released is not None or self.socket_data == SocketData.ON_CHANGE

    @property
    def remembers(self) -> bool:
        """Whether sockets have members: somebody has to hear of their end, also when their hub is lost."""
        return self.handlers.disconnected is not None or self.follows

    @property
    def effective_introduction(self) -> int:
        """The introduction that is asked for."""
        if self.tracks_rooms and self.introduction == Introduction.ON_CONNECT:
            return Introduction.ON_INSTANCE
        return self.introduction

    def check(self) -> None:
        """Raises ConfigError for what is not put together well."""
        field, name = f"namespace {self.name!r}", self.name
        plain = name.removesuffix("/*")
        if name != "*" and (not name.startswith("/") or len(name) > 256 or any(c in plain for c in "*,?")):
            raise ConfigError(
                field, "begins with a slash; `*` is allowed as the whole last segment, `,` and `?` not at all"
            )
        if not self.decision:
            raise ConfigError(
                field,
                "it is not said who decides about connect attempts: on_connect decides here, allow_anyone lets every "
                "browser in, authorized_elsewhere leaves it to another service",
            )
        for what, value, low, high in (
            ("settle_timeout", self.settle_timeout, 1, 3600), ("decision_timeout", self.decision_timeout, 1, 60),
            ("disconnect_grace", self.disconnect_grace, 0, 300),
        ):  # fmt: skip
            if value and not low <= value <= high:
                raise ConfigError(field, f"{what} of {value}: {low} to {high}")

    def subscribe(self, add: Callable[[Any, Asked], None]) -> None:
        """Makes subscriptions: one for who decides, one for each guarantee that exact events have,
        one for each prefix, one for each group of rooms. The first of its handlers' has
        everything that is no event."""
        if self.decision != "authorized_elsewhere":
            asked = pb.Subscription(role=pb.ROLE_AUTHORIZER, namespace=self.name)
            if self.decision_timeout:
                asked.settle_timeout.CopyFrom(duration(self.decision_timeout))
            add(asked, Asked(self))
        kinds = self._kinds()
        h = self.handlers
        for once in (False, True):
            names = sorted(n for n, e in h.exact.items() if e.at_most_once == once)
            for at in range(0, len(names), MAX_EVENTS):
                part = names[at : at + MAX_EVENTS]
                add(self._handler(part, [*kinds, pb.KIND_EVENT], once), Asked(self, exact=h.exact))
                kinds = []
        for handler in h.prefixes:
            events = [] if handler.pattern == "*" else [handler.pattern]
            add(self._handler(events, [*kinds, pb.KIND_EVENT], handler.at_most_once), Asked(self, handler=handler))
            kinds = []
        if kinds:
            add(self._handler([], kinds, False), Asked(self))
        for occupancy in h.occupancy:
            asked = self._handler([], [pb.KIND_OCCUPANCY], False)
            asked.rooms.extend(occupancy.patterns)
            add(asked, Asked(self))

    def _kinds(self) -> list[Any]:
        h = self.handlers
        wanted = (
            (h.connected or self.follows or h.disconnected, pb.KIND_CONNECTED),
            (h.disconnected or self.follows, pb.KIND_DISCONNECTED),
            (self.tracks_rooms, pb.KIND_ROOMS),
            (h.upgraded, pb.KIND_UPGRADED),
            (h.calls, pb.KIND_SERVICE_CALL),
            (h.present or h.absent, pb.KIND_USERS),
        )
        return [kind for want, kind in wanted if want]

    def _handler(self, events: list[str], kinds: list[Any], at_most_once: bool) -> Any:
        asked = pb.Subscription(
            role=pb.ROLE_HANDLER, namespace=self.name, events=events, kinds=kinds,
            guarantee=pb.GUARANTEE_AT_MOST_ONCE if at_most_once else pb.GUARANTEE_AT_LEAST_ONCE,
            ordering=pb.ORDERING_STRICT if self.strict else pb.ORDERING_PIPELINED,
            introduction=int(self.effective_introduction), handshake=int(self.handshake),  # type: ignore[arg-type]
            socket_data=int(self.socket_data), overflow=int(self.overflow),  # type: ignore[arg-type]
            introduce_moved=self.remembers,
        )  # fmt: skip
        if self.settle_timeout:
            asked.settle_timeout.CopyFrom(duration(self.settle_timeout))
        if self.disconnect_grace:
            asked.disconnect_grace.CopyFrom(duration(self.disconnect_grace))
        return asked
