"""What a core asks of the program that it serves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from siohub.errors import StatusError

if TYPE_CHECKING:
    from .attachment import Attachment
    from .peer import Member
    from .work import Work


class Program(ABC):
    """The typed service and the Socket.IO facades, which inherit what they have nothing to add
    to. Everything is called on the core's loop and must return at once."""

    @abstractmethod
    def subscriptions(self) -> list[Any]:
        """What the hello asks for: hub.v1.Subscription, in the order of their ids from 1."""

    @abstractmethod
    def optional(self, subscription: Any) -> bool:
        """Whether the program can do without a subscription that a hub refuses."""

    @abstractmethod
    def remembers(self, subscription_id: int, namespace: str) -> bool:
        """Whether sockets of the subscription are to be known, for hubs that are lost."""

    @abstractmethod
    def introduction(self, member: Member) -> int:
        """The hub.v1.Introduction that the member's subscription asks for."""

    @abstractmethod
    def deliver(self, work: Work) -> None:
        """Deals with a delivery: settles it, then calls work.finish()."""

    def refused(self, att: Attachment, seq: int, error: StatusError) -> None:
        """The hub does not take the answer to a delivery, which an attachment had numbered."""

    @abstractmethod
    def ghost(self, member: Member, work: Work) -> None:
        """Deals with a disconnected that the kit made because its hub is lost."""

    def released(self, members: Sequence[Member], reason: str) -> None:
        """Sockets are another process's by now."""

    def rooms_changed(self, member: Member, joined: Sequence[str], left: Sequence[str]) -> None:
        """The rooms of a socket changed."""

    def upgraded(self, namespace: str, socket_id: str, transport: str) -> None:
        """A browser changed its transport."""

    def introduced(self, hub_id: str) -> None:
        """All live sockets of a hub have been told."""

    def fact(self, kind: str, namespace: str, name: str, hub_id: str, there: bool) -> None:
        """A room or a user has come (the first hub has it) or gone (the last has lost it)."""

    def observe(self, observation: Any) -> None:
        """A copy for an observer."""

    def warning(self, kind: str, error: Exception, notice: Any) -> None:
        """Something went wrong in a hub; it is logged already."""

    def attached(self, hub_id: str) -> None:
        """A hub has welcomed this process."""

    def detached(self, hub_id: str, error: BaseException | None) -> None:
        """The stream to a hub has ended."""
