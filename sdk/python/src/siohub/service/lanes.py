"""Handlers of one socket one at a time and in order, those of different sockets beside each
other, and a bound on all of them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from siohub._core.work import Work, current

Run = Callable[[], Coroutine[Any, Any, None]]


class Job:
    """One handler's call. `concurrent` may run beside others of its lane; `last` waits for all of
    these. It handles its own errors."""

    __slots__ = ("concurrent", "dropped", "key", "last", "run", "task", "work")

    def __init__(self, key: str, run: Run, work: Work | None, *, concurrent: bool = False, last: bool = False) -> None:
        self.key, self.run, self.work = key, run, work
        self.concurrent, self.last = concurrent, last
        self.dropped = False
        self.task: asyncio.Task[None] | None = None


class _Lane:
    __slots__ = ("beside", "busy", "queue", "waiting")

    def __init__(self) -> None:
        self.queue: deque[Job] = deque()
        self.busy = False  # a job runs that wants to be alone
        self.beside = 0  # jobs running that do not mind others
        self.waiting = False  # for a place


class Lanes:
    """Lanes by key, with at most so many jobs at the same time."""

    def __init__(self, limit: int) -> None:
        self._limit, self._running = limit, 0
        self._lanes: dict[str, _Lane] = {}
        self._ready: deque[str] = deque()  # lanes that wait for a place

    def add(self, job: Job) -> None:
        """Queues a job behind what its lane has already."""
        lane = self._lanes.get(job.key)
        if lane is None:
            lane = self._lanes[job.key] = _Lane()
        lane.queue.append(job)
        if job.work is not None:
            job.work.on_revoke = lambda: self._revoke(job)
        self._pump(job.key, lane)

    def _revoke(self, job: Job) -> None:
        """Cancels what runs; what has not begun is not begun."""
        if job.task is not None:
            job.task.cancel()
        elif not job.dropped:
            job.dropped = True
            assert job.work is not None
            job.work.finish()

    def _pump(self, key: str, lane: _Lane) -> None:
        while lane.queue:
            job = lane.queue[0]
            if job.dropped:
                lane.queue.popleft()
                continue
            if lane.busy or (job.last and lane.beside):
                return
            if self._running >= self._limit:
                if not lane.waiting:
                    lane.waiting = True
                    self._ready.append(key)
                return
            lane.queue.popleft()
            self._start(key, lane, job)
        if not lane.busy and not lane.beside:
            self._lanes.pop(key, None)

    def _start(self, key: str, lane: _Lane, job: Job) -> None:
        if job.concurrent:
            lane.beside += 1
        else:
            lane.busy = True
        self._running += 1
        token = current.set(job.work)
        try:
            job.task = asyncio.get_running_loop().create_task(job.run())
        finally:
            current.reset(token)
        job.task.add_done_callback(lambda _: self._ended(key, lane, job))

    def _ended(self, key: str, lane: _Lane, job: Job) -> None:
        self._running -= 1
        if job.concurrent:
            lane.beside -= 1
        else:
            lane.busy = False
        if job.work is not None and not job.work.ended:  # cancelled before it began, or sys.exit()
            job.work.give_back("the process ends")
            job.work.finish()
        self._pump(key, lane)
        while self._ready and self._running < self._limit:
            ready = self._ready.popleft()
            waiting = self._lanes.get(ready)
            if waiting is not None:
                waiting.waiting = False
                self._pump(ready, waiting)
