"""Which streams there are, and which one a command goes over: see line.py."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from siohub.errors import Closed, OutcomeUnknown, Unavailable

from .keys import Keys
from .outbox import Outbox
from .work import Work, current

if TYPE_CHECKING:
    from .attachment import Attachment
    from .runner import Core


class Ways:
    """The streams that are open, and which of them a command takes."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.open: list[Attachment] = []  # in the order in which they opened
        self.home: Attachment | None = None
        self.lobby = Outbox()  # what was said while there was no home, and nobody waits for
        self.keys = Keys()
        self._away: list[Attachment] = []  # suspended, and may have commands that have not left
        self._changed = asyncio.Event()

    # Streams.

    def begin(self, att: Attachment) -> None:
        """A stream has opened. Commands that wait for a hub that is away take it."""
        att.open = True
        self.open.append(att)
        self._away = [a for a in self._away if a is not att and a.ended is None]
        self._change()
        for entry in self.lobby.take_movable():
            (self.home or att).outbox.push(entry)
        for other in list(self._away):
            self._move_from(other)

    def end(self, att: Attachment) -> None:
        """A stream has ended; its attachment may come back. What has not left goes to another
        hub, if one is there."""
        att.open = False
        self.open = [a for a in self.open if a is not att]
        self._away = [a for a in self._away if a.ended is None] + [att]
        self._change()
        self._move_from(att)

    def _change(self) -> None:
        if self.home is None or not self.home.open:
            self.home = self.open[0] if self.open else None
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def wake_all(self) -> None:
        """Lets who waits look again: the core has closed."""
        self._change()

    def _move_from(self, att: Attachment) -> None:
        home = self.home
        if home is None or home is att or att.open:
            return
        for entry in att.outbox.take_movable():
            if entry.command_id:
                att.results.give_back(entry.command_id)  # its caller finds the other hub
            else:
                home.outbox.push(entry)

    @property
    def several(self) -> bool:
        """Whether more than one stream is open."""
        return len(self.open) > 1

    # Where to.

    async def wait_home(self, timeout: float | None) -> Attachment:
        """Home, or the wait for it. Raises Unavailable, Closed."""
        deadline = None if timeout is None else self.core.loop.time() + timeout
        while self.home is None:
            if self.core.closed:
                raise Closed("the service has closed")
            left = None if deadline is None else deadline - self.core.loop.time()
            if left is not None and left <= 0:
                raise Unavailable("no hub can be reached")
            waiter = self._changed.wait()
            try:
                await asyncio.wait_for(waiter, left)
            except asyncio.TimeoutError:
                raise Unavailable("no hub can be reached") from None
        return self.home

    def work_of(self) -> Work | None:
        """The delivery whose handler runs, as long as commands belong to it."""
        work = current.get()
        return work if work is not None and work.core is self.core and work.att is not None else None

    def route(self, key: str, at: str) -> tuple[Attachment | None, Work | None]:
        """The attachment for a command, None while there is none; and the delivery to which it
        belongs. Raises LeaseLost, OutcomeUnknown."""
        work = self.work_of()
        if work is not None:
            if work.cause is not None and not work.settled:
                raise work.cause
            if work.att is not None and work.att.ended is None and not work.settled:
                return work.att, work
            at = at or (work.att.peer.hub_id if work.att else "")
        home = self.home
        if home is None:
            return None, None
        keyed = self.keys.at(key)
        at = keyed or at
        if at and at != home.peer.hub_id:
            for att in self.open:
                if att.peer.hub_id == at:
                    return att, None
            if keyed:
                raise OutcomeUnknown("only the hub that knows the idempotency key can be asked, and it is away")
        return home, None
