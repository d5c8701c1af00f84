"""This process at one hub, for as long as both remember it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from siohub.errors import LeaseLost, Revoked, TooLarge

from .outbox import Outbox
from .peer import Peer
from .receive import Receiver
from .results import Results

if TYPE_CHECKING:
    from .link import Link
    from .work import Work

RESUME_WINDOW = 30.0  # how long a hub keeps an attachment whose stream broke
MAX_COMMAND_WINDOW = 1 << 16
DEFAULT_ENVELOPE = 4 << 20


class Attachment:
    """Outlives a stream that breaks: what is queued stays queued, handlers go on and settle,
    and commands wait for their results until the next stream takes it up.

                stream ends              Welcome.resumed
    attached ───────────────► suspended ────────────────► attached
                                  │ not resumed, or 30 s
                                  ▼
                                ended: works revoked, outcomes unknown
    """

    def __init__(self, link: Link, peer: Peer, welcome: Any) -> None:
        self.core, self.link, self.peer = link.core, link, peer
        self.id: bytes = welcome.attachment  # empty when the hub cannot resume
        self.capabilities = tuple(welcome.capabilities)
        self.max_envelope: int = welcome.max_envelope_bytes or DEFAULT_ENVELOPE
        self.outbox = Outbox()
        self.outbox.keeps = bool(self.id)
        self.results = Results(min(welcome.command_window, MAX_COMMAND_WINDOW), self.core.loop)
        self.works: dict[int, Work] = {}
        self.received = 0  # number of the last envelope of the hub that was applied
        self.heard = 0  # counts envelopes of the hub
        self.fresh = 0  # deliveries of the last one whose handlers have not ended
        self.open = False  # it has a stream; written by Line
        self.finished = False  # this side is closed: what the hub still hands over is not taken
        self.ended: BaseException | None = None  # why
        self.receiver = Receiver(self)
        self._until: float | None = None  # when a suspended attachment ends
        self._expiry: asyncio.TimerHandle | None = None

    def end(self, cause: BaseException) -> None:
        """Takes everything back that the attachment had given out. Later calls do nothing."""
        if self.ended is not None:
            return
        self.ended = cause
        if self._expiry is not None:
            self._expiry.cancel()
        lost = self.outbox.fail()
        works, self.works = self.works, {}
        for work in list(works.values()):
            work.revoke(cause)
        self.results.fail()
        if lost:
            self.core.log.warning("the attachment ended before %d commands had left", lost)

    def suspend(self) -> None:
        """Waits for its next stream."""
        now = self.core.loop.time()
        if self._until is None:
            self._until = now + RESUME_WINDOW
        self._expiry = self.core.loop.call_later(max(self._until - now, 0), self._expire)

    def wake(self) -> bool:
        """Stops the wait. False when it took too long, or the hub was taken for lost."""
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        return self.ended is None

    def _expire(self) -> None:
        self.end(LeaseLost("the stream was away for too long"))
        self.core.nudge()

    def take_up(self, welcome: Any, number: int) -> bool:
        """Goes on where the last stream ended. False when this side has forgotten too much."""
        if not self.outbox.rewind(welcome.ack_envelope_seq):
            return False
        self._until = None
        if number == self.received + 1:
            self.received = number
        self.revoke(welcome.revoked, "MOVED")
        return True

    def revoke(self, seqs: Any, reason: str) -> None:
        """Deliveries are somebody else's by now."""
        for seq in seqs:
            work = self.works.pop(seq, None)
            if work is not None:
                work.revoke(Revoked(reason))

    def fits(self, size: int, field: str) -> None:
        """Raises TooLarge for what the hub does not take."""
        if size > self.max_envelope:
            raise TooLarge(size, self.max_envelope, field)

    def busy(self) -> bool:
        """Whether there is something for which a stream is worth waiting."""
        return len(self.outbox) > 0 or len(self.results) > 0 or self.core.works_running > 0
