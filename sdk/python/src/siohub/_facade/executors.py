"""Where handlers of Server run: threads, or greenlets of gevent or eventlet."""

from __future__ import annotations

import importlib
import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from siohub._core import native

Job = Callable[[], object]
log = logging.getLogger("siohub")

MAX_THREADS = 256  # handlers that run at the same time; what comes beyond waits
IDLE = 10.0  # seconds for which a thread waits for more


class Executor(Protocol):
    """Runs jobs beside each other; they begin in the order in which they came."""

    def submit(self, job: Job) -> None:
        """From the core's thread."""


def _run(job: Job) -> None:
    try:
        job()
    except SystemExit:
        log.error("a handler called sys.exit(), which ends no process from a thread")
    except BaseException:  # which would end the thread
        log.exception("a handler failed")


class Threads:
    """Threads that are kept for a while when there is nothing to do."""

    def __init__(self, limit: int = MAX_THREADS) -> None:
        self._limit = limit
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._threads = self._idle = 0

    def submit(self, job: Job) -> None:
        """See Executor."""
        with self._changed:
            self._jobs.append(job)
            if self._idle >= len(self._jobs):
                self._changed.notify()
            elif self._threads < self._limit:
                self._threads += 1
                threading.Thread(target=self._work, daemon=True, name="siohub-handler").start()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._jobs:
                    self._idle += 1
                    woken = self._changed.wait(IDLE)
                    self._idle -= 1
                    if not woken and not self._jobs:
                        self._threads -= 1
                        return
                job = self._jobs.popleft()
            _run(job)


class Greenlets:
    """Greenlets of gevent, in the hub of the thread that made it."""

    def __init__(self) -> None:
        self._gevent: Any = importlib.import_module("gevent")
        self._jobs: deque[Job] = deque()
        self._watcher = self._gevent.get_hub().loop.async_()
        self._watcher.start(self._take)

    def submit(self, job: Job) -> None:
        """See Executor."""
        self._jobs.append(job)
        self._watcher.send()  # the one thing of a loop that another thread may do

    def _take(self) -> None:
        while self._jobs:
            self._gevent.spawn(_run, self._jobs.popleft())


class GreenThreads:
    """Green threads of eventlet, in the hub of the thread that made it."""

    def __init__(self) -> None:
        self._eventlet: Any = importlib.import_module("eventlet")
        self._hubs: Any = importlib.import_module("eventlet.hubs")
        self._jobs: deque[Job] = deque()
        self._write = native.original("os", "write")
        self._read = native.original("os", "read")
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(self._writing, False)
        self._eventlet.spawn_n(self._take)

    def submit(self, job: Job) -> None:
        """See Executor."""
        self._jobs.append(job)
        try:
            self._write(self._writing, b"x")
        except BlockingIOError:
            pass  # it has been woken often enough

    def _take(self) -> None:
        while True:
            self._hubs.trampoline(self._reading, read=True)
            try:
                self._read(self._reading, 65536)
            except BlockingIOError:
                pass
            while self._jobs:
                self._eventlet.spawn_n(_run, self._jobs.popleft())


def executor_for(mode: str) -> Executor:
    """The executor of an async mode."""
    if mode.startswith("gevent"):
        return Greenlets()
    if mode == "eventlet":
        return GreenThreads()
    return Threads()
