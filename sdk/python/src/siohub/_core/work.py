"""One delivery, from its arrival until its handler has ended."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import messages
from .outbox import Entry

if TYPE_CHECKING:
    from .attachment import Attachment
    from .peer import Member
    from .runner import Core

current: contextvars.ContextVar[Work | None] = contextvars.ContextVar("siohub_work", default=None)
"""The delivery whose handler runs. What a handler starts inherits it, and stands alone once
the delivery is settled."""


class Work:
    """A delivery in this process's hands. `cause` is set once it is another try's business:
    its handler should end, and what it says is not sent."""

    __slots__ = (
        "att",
        "batch",
        "body",
        "cause",
        "core",
        "delivery",
        "ended",
        "member",
        "on_revoke",
        "seq",
        "settled",
        "wants_ack",
    )

    def __init__(self, core: Core, att: Attachment | None, delivery: Any, member: Member | None = None) -> None:
        self.core = core
        self.att = att  # None for what the kit made itself: there is nothing to settle
        self.delivery = delivery
        self.body: str = delivery.WhichOneof("body")  # each look into a message costs: these are kept
        self.wants_ack = False  # of an event; set by who reads it
        self.seq: int = delivery.delivery_seq
        self.member = member
        self.settled = att is None
        self.batch = 0  # number of the envelope in which it came, as its attachment counts them
        self.ended = False
        self.cause: BaseException | None = None
        self.on_revoke: Callable[[], None] | None = None

    def settle(self, data: bytes) -> bool:
        """Answers the delivery. False when it has its answer, or belongs to somebody else."""
        if self.settled or self.cause is not None:
            return False
        self.settled = True
        assert self.att is not None
        return self.att.outbox.push(Entry(data))

    def _settle_last(self, data: bytes) -> None:
        """settle with the last word of what came in one envelope: it leaves at once, without
        another turn of the loop."""
        if self.settled or self.cause is not None:
            return
        self.settled = True
        outbox = self.att.outbox  # type: ignore[union-attr]
        if outbox.push(Entry(data), wake=outbox.flush is None) and outbox.flush is not None:
            outbox.flush()

    def done(self) -> bool:
        """Settles without a word."""
        return not self.settled and self.settle(messages.done(self.seq))

    def fail(self, text: str) -> bool:
        """Settles for good: it could not be dealt with."""
        return not self.settled and self.settle(messages.nack(self.seq, text))

    def give_back(self, why: str) -> bool:
        """Settles so that another process deals with it, where there is one."""
        return not self.settled and self.settle(messages.nack(self.seq, why, retry=True, elsewhere=True))

    def finish(self, answer: bytes | None = None) -> None:
        """The handler has ended; settles what has no answer with this one, or as done."""
        if self.ended:
            return
        self.ended = True
        self.on_revoke = None  # it leads to the task, whose context leads here: a cycle for each event
        att = self.att
        if att is not None:
            last = False
            if self.batch == att.heard:
                att.fresh -= 1
                last = att.fresh == 0
            if not self.settled and self.cause is None:
                (self._settle_last if last else self.settle)(answer or messages.done(self.seq))
            att.works.pop(self.seq, None)
        self.core.work_ended()

    def revoke(self, cause: BaseException) -> None:
        """Takes the delivery away from its handler."""
        if self.cause is not None or self.ended:
            return
        self.cause = cause
        if self.on_revoke is not None:
            self.on_revoke()
