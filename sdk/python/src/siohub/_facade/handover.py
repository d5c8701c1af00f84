"""Waiting for another thread, in a thread or in a greenlet."""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from siohub._core import native

T = TypeVar("T")


class Waiter:
    """Is set by one thread, once, and waited for by another thread or greenlet."""

    def __init__(self, how: str) -> None:
        self.value: Any = None
        self.error: BaseException | None = None
        self.done = False
        self._set, self._wait, self._close = _PRIMITIVES[how]()

    def set(self, value: Any = None, error: BaseException | None = None) -> None:
        """Wakes who waits. From any thread."""
        self.value, self.error, self.done = value, error, True
        self._set()

    def wait(self, timeout: float | None = None) -> Any:
        """The value, or raises the error. Raises TimeoutError after the timeout in seconds."""
        try:
            if not self.done:
                self._wait(timeout)
        finally:
            self._close()
        if not self.done:
            raise TimeoutError("nothing came in time")
        if self.error is not None:
            raise self.error
        return self.value


_Primitive = tuple[Callable[[], None], Callable[["float | None"], None], Callable[[], None]]


def _thread_primitive() -> _Primitive:
    lock = native.allocate_lock()
    lock.acquire()

    def wait(timeout: float | None) -> None:
        lock.acquire(timeout=-1 if timeout is None else timeout)

    return lock.release, wait, lambda: None


def _gevent_primitive() -> _Primitive:
    gevent: Any = importlib.import_module("gevent")
    event = importlib.import_module("gevent.event").Event()
    watcher = gevent.get_hub().loop.async_()
    watcher.start(event.set)
    lock = native.allocate_lock()
    closed = False

    def set_() -> None:
        with lock:
            if not closed:
                watcher.send()

    def wait(timeout: float | None) -> None:
        event.wait(timeout)

    def close() -> None:
        nonlocal closed
        with lock:
            closed = True
            watcher.stop()
            watcher.close()

    return set_, wait, close


def _eventlet_primitive() -> _Primitive:
    hubs: Any = importlib.import_module("eventlet.hubs")
    write = native.original("os", "write")
    reading, writing = os.pipe()

    lock = native.allocate_lock()
    closed = False

    def set_() -> None:
        with lock:  # so that the number is nobody else's by now
            if not closed:
                write(writing, b"x")

    def wait(timeout: float | None) -> None:
        hubs.trampoline(reading, read=True, timeout=timeout, timeout_exc=TimeoutError)

    def close() -> None:
        nonlocal closed
        with lock:
            closed = True
            os.close(reading)
            os.close(writing)

    return set_, wait, close


_PRIMITIVES = {"threading": _thread_primitive, "gevent": _gevent_primitive, "eventlet": _eventlet_primitive}


def how_to_wait(mode: str = "") -> str:
    """The kind of Waiter for whoever calls: greenlets have to let others run."""
    if mode.startswith("gevent") or (not mode and native.patched() == "gevent"):
        gevent: Any = importlib.import_module("gevent")
        return "gevent" if gevent.hub._get_hub() is not None or native.patched() == "gevent" else "threading"
    if mode == "eventlet" or (not mode and native.patched() == "eventlet"):
        return "eventlet" if "eventlet.hubs" in sys.modules else "threading"
    return "threading"


def run_in(loop: asyncio.AbstractEventLoop, make: Callable[[], Coroutine[Any, Any, T]], mode: str = "",
           timeout: float | None = None) -> T:  # fmt: skip
    """Runs a coroutine on the loop of another thread and waits for its result."""
    waiter = Waiter(how_to_wait(mode))

    async def run() -> None:
        try:
            waiter.set(await make())
        except BaseException as err:
            waiter.set(error=err)

    tasks: list[asyncio.Task[None]] = []
    loop.call_soon_threadsafe(lambda: tasks.append(loop.create_task(run())))
    return waiter.wait(timeout)  # type: ignore[no-any-return]
