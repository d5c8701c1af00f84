"""What runs on a core's loop: its own tasks, calls from other threads, and handlers."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from siohub.errors import Closed

from .work import current

if TYPE_CHECKING:
    from .attachment import Attachment
    from .program import Program


class Tasks:
    """The part of Core that knows no hub. Everything but `post` belongs to its loop."""

    def __init__(self, program: Program, log: Any) -> None:
        self.program = program
        self.log: logging.Logger = log
        self.loop = asyncio.get_running_loop()
        self.works_running = 0
        self._idle: deque[asyncio.Future[None]] = deque()
        self._spawned: set[asyncio.Task[Any]] = set()
        self._inbox: deque[Callable[[], object]] = deque()
        self._inbox_scheduled = False

    # What the core starts.

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Starts a task of the core, which belongs to no delivery."""
        token = current.set(None)
        try:
            task = self.loop.create_task(coroutine)
        finally:
            current.reset(token)
        self.keep(task)
        return task

    def keep(self, task: asyncio.Task[Any]) -> None:
        """Keeps a task until it ends: a loop itself does not."""
        self._spawned.add(task)
        task.add_done_callback(self._spawned.discard)

    def post(self, call: Callable[[], object]) -> None:
        """Calls on the loop, in order, from any thread. What is posted together runs together."""
        self._inbox.append(call)
        if not self._inbox_scheduled:
            self._inbox_scheduled = True
            try:
                self.loop.call_soon_threadsafe(self._take_posted)
            except RuntimeError:
                raise Closed("the service has closed") from None

    def _take_posted(self) -> None:
        self._inbox_scheduled = False
        inbox = self._inbox
        while inbox:
            try:
                inbox.popleft()()
            except Exception:
                self.log.exception("a call of the program failed")

    # Work.

    def work_ended(self) -> None:
        """A handler has ended."""
        self.works_running -= 1
        if self.works_running == 0:
            while self._idle:
                waiter = self._idle.popleft()
                if not waiter.done():
                    waiter.set_result(None)

    async def _when_idle(self) -> None:
        if self.works_running:
            waiter: asyncio.Future[None] = self.loop.create_future()
            self._idle.append(waiter)
            await waiter

    def is_drained(self, att: Attachment) -> bool:
        """Whether no handler runs and no result is waited for."""
        return self.works_running == 0 and len(att.results) == 0

    async def drained(self, att: Attachment) -> None:
        """Waits for is_drained."""
        while not self.is_drained(att):
            if self.works_running:
                await self._when_idle()
            else:
                waiter: asyncio.Future[None] = self.loop.create_future()
                att.results.drained = lambda w=waiter: None if w.done() else w.set_result(None)
                await waiter
                att.results.drained = None
