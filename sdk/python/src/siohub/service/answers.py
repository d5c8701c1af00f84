"""What comes of commands and queries, and what observers see."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from siohub._core.codec import Payload, decode

from .decisions import Handshake
from .kinds import Kind

if TYPE_CHECKING:
    from .socket import Socket


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
