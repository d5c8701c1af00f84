"""What handlers get and give. Times are timezone-aware datetimes, lengths of time are seconds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from siohub._core import messages
from siohub._core.codec import Payload, decode, encode
from siohub._core.work import Work
from siohub.errors import Answered, LeaseLost

if TYPE_CHECKING:
    from .service import Service
    from .socket import Socket


class Introduction(IntEnum):
    """When on_connected runs: see Namespace."""

    ON_CONNECT, ON_EVENT, ON_ATTACH, ON_INSTANCE = 1, 2, 3, 4


class HandshakeDetail(IntEnum):
    """How much of a browser's opening request on_connected gets; on_connect gets all."""

    NONE, REDACTED, FULL = 1, 2, 3


class SocketData(IntEnum):
    """When the hub sends socket.data. The program sees the same with ON_CHANGE as with ALWAYS."""

    ALWAYS, ON_CHANGE, NEVER = 1, 2, 3


class Overflow(IntEnum):
    """What happens to an event of a socket for which too many wait already (64 or 1 MiB)."""

    REJECT, DROP_OLDEST, DISCONNECT, PAUSE = 1, 2, 3, 4


class Kind(IntEnum):
    """What an observation is."""

    GAP, CONNECTED, EVENT, DISCONNECTED = 0, 1, 2, 3
    FAILED_CONNECTS, DECISIONS, EMITS, DROPS = 9, 10, 11, 12


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


@dataclass
class AuthExpiring:
    """A socket whose authorization is about to end. The handler's Accept renews by its expires,
    refresh_before, data and policy; Deny ends the browser's connection."""

    socket: Socket
    expire_time: datetime | None
    attempt: int


class _Delivered:
    """What events and calls share: arguments and one answer."""

    def __init__(self, service: Service, work: Work, payload: Any) -> None:
        self.service, self._work = service, work
        self.payload = Payload(payload.args, tuple(payload.attachments))
        self.attempt: int = work.delivery.attempt
        self.dedupe_id: bytes = work.delivery.dedupe_id

    @property
    def args(self) -> list[Any]:
        """The arguments, decoded: binary is bytes."""
        return decode(*self.payload)

    @property
    def revoked(self) -> BaseException | None:
        """Why this is another try's business by now; None while it is not. The handler's task is
        cancelled at the same time."""
        return self._work.cause

    @property
    def traceparent(self) -> str:
        """The W3C trace context."""
        return self._work.delivery.traceparent  # type: ignore[no-any-return]

    def _reply(self, wanted: bool, args: tuple[Any, ...]) -> None:
        payload = encode_args(args)
        if not wanted:
            return
        work = self._work
        if work.cause is not None:
            raise work.cause
        if work.settled:
            raise Answered("the event has its one reply already")
        assert work.att is not None
        work.att.fits(payload.size, "reply.payload")
        if not work.settle(messages.reply(work.seq, payload)):
            raise LeaseLost("the attachment has ended")


class Event(_Delivered):
    """Something that a browser emitted."""

    def __init__(self, service: Service, work: Work, socket: Socket) -> None:
        event = work.delivery.event
        super().__init__(service, work, event.payload)
        self.socket = socket
        self.name: str = event.name
        self.wants_ack: bool = event.wants_ack

    @property
    def receive_time(self) -> datetime | None:
        """When the hub had read it."""
        return to_time(self._work.delivery.event, "receive_time")

    def reply(self, *args: Any) -> None:
        """Runs the browser's callback, at once and once: Answered afterwards. What was emitted
        before arrives before it. When the browser wants no acknowledgement it does nothing."""
        self._reply(self.wants_ack, args)

    def ack_later(self) -> LaterAck:
        """Settles the event now and leaves the browser's callback open. Raises Answered."""
        work = self._work
        if work.cause is not None:
            raise work.cause
        if work.settled:
            raise Answered("the event has its one reply already")
        work.settle(messages.ack_later(work.seq) if self.wants_ack else messages.done(work.seq))
        assert work.att is not None
        return LaterAck(self.service, self.dedupe_id, work.att.peer.hub_id, self.wants_ack)


@dataclass(frozen=True)
class LaterAck:
    """An acknowledgement that was left open. A hub keeps at most 256 for each socket, and loses
    them with its own end."""

    service: Service
    dedupe_id: bytes
    hub_id: str
    wanted: bool

    async def reply(self, *args: Any) -> None:
        """Runs the browser's callback. Raises SocketGone when it has run, or the browser left."""
        if self.wanted:
            await self.service._acknowledge(self.dedupe_id, self.hub_id, args)


class Call(_Delivered):
    """A call of another service, or of Node's serverSideEmit. timeout: seconds for which the
    caller waits, None when it does not."""

    def __init__(self, service: Service, work: Work) -> None:
        call = work.delivery.service_call
        super().__init__(service, work, call.payload)
        self.group: str = call.group
        self.namespace: str = call.namespace
        self.name: str = call.name
        self.wants_answer: bool = call.wants_answer
        self.timeout = call.timeout.seconds + call.timeout.nanos / 1e9 if call.HasField("timeout") else None

    def reply(self, *args: Any) -> None:
        """Answers, at once and once."""
        self._reply(self.wants_answer, args)


@dataclass(frozen=True)
class EmitResult:
    """What came of a command. matched: sockets that the target picked; queued: for which it was
    done; dropped: for which it was not; stored: browsers that get it when they come back;
    missing_hubs: hubs that could not be asked; duplicate: a repeated answer to a key."""

    matched: int
    queued: int
    dropped: int
    stored: int
    data_version: int
    duplicate: bool
    missing_hubs: tuple[str, ...]


@dataclass(frozen=True)
class Ack:
    """What one browser acknowledged."""

    socket_id: str
    payload: Payload

    @property
    def args(self) -> list[Any]:
        """The arguments, decoded."""
        return decode(*self.payload)


@dataclass
class Acks:
    """The acknowledgements of an emit: expected is acked, timed_out and disconnected together;
    omitted are missing in acks because there were more than 1 MiB."""

    expected: int = 0
    acked: int = 0
    timed_out: int = 0
    disconnected: int = 0
    omitted: int = 0
    acks: list[Ack] = field(default_factory=list)
    missing_hubs: tuple[str, ...] = ()


@dataclass(frozen=True)
class SocketInfo:
    """A live socket, with all that is known of it."""

    socket: Socket
    rooms: list[str]
    transport: str
    connect_time: datetime | None
    handshake: Handshake


@dataclass(frozen=True)
class Answer:
    """What one process answered to a call; error says why it failed."""

    group: str
    instance_id: str
    payload: Payload
    error: Exception | None

    @property
    def args(self) -> list[Any]:
        """The arguments, decoded. Raises the error."""
        if self.error is not None:
            raise self.error
        return decode(*self.payload)


@dataclass
class Answers:
    """The answers to a call: expected is answered, failed and timed_out together."""

    expected: int = 0
    answered: int = 0
    failed: int = 0
    timed_out: int = 0
    answers: list[Answer] = field(default_factory=list)
    missing_hubs: tuple[str, ...] = ()


class Listing(list[Any]):
    """An answer of the hub; missing_hubs are hubs that could not be asked: it lacks theirs."""

    missing_hubs: tuple[str, ...] = ()


@dataclass
class Observation:
    """A copy of something that happened. gap: how many were left out before it. socket is None
    where there is none; detail is the contract's message of it."""

    kind: Kind
    gap: int
    time: datetime | None
    socket: Socket | None
    name: str
    args: list[Any]
    detail: Any


def encode_args(args: Sequence[Any]) -> Payload:
    """An argument list as it travels; a Payload that stands alone is passed on unseen."""
    if args and isinstance(args[0], Payload):
        if len(args) > 1:
            raise ValueError("a Payload has to be the only argument")
        return args[0]
    return encode(list(args))


def from_json(raw: bytes) -> Any:
    """A value; None where there is none."""
    return json.loads(raw) if raw else None


def to_time(message: Any, name: str) -> datetime | None:
    """A time of a message."""
    if not message.HasField(name):
        return None
    return getattr(message, name).ToDatetime(tzinfo=timezone.utc)  # type: ignore[no-any-return]
