"""Where a server's core runs: on the application's loop, or on a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from siohub._core import native
from siohub._core.program import Program
from siohub._core.runner import Core
from siohub.errors import ConfigError, HubError

from .ready import is_importing
from .said import once

_servers = 0  # attached in this process


def _group_of(group: str) -> str:
    """The second server of a process has a group of its own: its handlers are others."""
    global _servers
    _servers += 1
    return group if _servers == 1 else f"{group}-{_servers}"


class Host:
    """Runs a core. It is made in the loop on which the core is to run."""

    def __init__(self, server: Any, program: Program) -> None:
        self.server = server
        self.log: Any = server._core_logger(logging.getLogger("siohub"))
        self.error: BaseException | None = None  # by which the run ended
        self.loop = asyncio.get_running_loop()
        options = server.options.completed()
        if not getattr(server, "_grouped", False):
            server.group, server._grouped = _group_of(server.group), True
        if options.keep_sockets is None:  # dictionaries of the program, keyed by sid, should hold
            options = replace(options, keep_sockets=True)
        self.core = Core(server.group, options, program, self.log, endless=True)
        self.task = self.core.spawn(self._run())
        self._renewing: asyncio.TimerHandle | None = None

    async def _run(self) -> None:
        try:
            await self.core.run()
        except HubError as err:
            self.error = err
            self.log.error("not attached%s: %s", "" if isinstance(err, ConfigError) else " any more", err)
        except asyncio.CancelledError:
            raise
        except Exception:
            self.log.exception("not attached any more")

    async def attached(self) -> None:
        """Waits until a hub has welcomed this process for the first time. Raises HubError when every
        hub refuses it, or the run ends."""
        core = self.core
        events = [core.spawn(event.wait()) for event in (core.first_attached, core.all_refuse)]
        try:
            await asyncio.wait({*events, self.task}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in events:
                task.cancel()
        if not core.ever_attached:
            raise self.error or core.refusal or HubError("not attached; the log has the reason")

    def renew(self) -> None:
        """A namespace is new: the hub has to be told. Together with others that come now."""
        if self._renewing is None:
            self._renewing = self.loop.call_later(0.05, self._renew)

    def _renew(self) -> None:
        self._renewing = None
        self.core.renew()

    async def close(self, timeout: float | None = None) -> None:
        """Leaves in order."""
        await self.core.close(self.core.options.close_timeout if timeout is None else timeout)
        await asyncio.wait({self.task}, timeout=1)


class LoopWatch:
    """Waits for the application's loop, where the application says nothing when it starts: an
    ASGI application that is mounted into another one is not told."""

    def __init__(self, attach: Callable[[asyncio.AbstractEventLoop], None]) -> None:
        self._attach = attach
        self.done = False
        _watches.append(self)
        self._start()

    def _start(self) -> None:
        if not self.done:
            threading.Thread(target=self._watch, daemon=True, name="siohub-watch").start()

    def _watch(self) -> None:
        pid, pause = os.getpid(), threading.Event()
        for n in range(int(LOOP_PATIENCE / LOOP_PAUSE)):
            if self.done or os.getpid() != pid:
                return
            # Applications run on the main thread; a loop of another one may be a library's.
            loop = running_loop(main_only=n * LOOP_PAUSE < MAIN_PATIENCE)
            if loop is not None and not is_importing():
                self._attach(loop)
                return
            pause.wait(LOOP_PAUSE)
        once("no loop", "no event loop has begun to run: call start() of the server")


LOOP_PATIENCE, LOOP_PAUSE, MAIN_PATIENCE = 600.0, 0.05, 5.0
_watches: list[LoopWatch] = []


def _after_fork() -> None:
    for watch in _watches:
        watch._start()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def running_loop(*, main_only: bool = False) -> asyncio.AbstractEventLoop | None:
    """An event loop that runs in another thread of this process, the kit's own left out. Of the
    main thread alone, as far as loops tell their thread."""
    main = threading.main_thread().ident
    tasks: Any = asyncio.tasks
    for name in ("_all_tasks", "_scheduled_tasks", "_eager_tasks"):
        try:
            for task in list(getattr(tasks, name, ())):
                loop = task.get_loop()
                if not loop.is_running() or _is_own(loop):
                    continue
                if not main_only or getattr(loop, "_thread_id", main) == main:
                    return loop  # type: ignore[no-any-return]
        except RuntimeError:
            continue  # it changed while it was read
    return _loop_in_frames(main if main_only else None)


def _is_own(loop: Any) -> bool:
    background = native._background
    return background is not None and background[1] is loop


def _loop_in_frames(thread: int | None) -> asyncio.AbstractEventLoop | None:
    """For interpreters that do not tell their tasks: the loop in whose frames a thread is."""
    import sys

    for ident, frame in list(sys._current_frames().items()):
        at: Any = frame if thread is None or ident == thread else None
        while at is not None:
            for name in ("self", "loop", "runner"):
                value = at.f_locals.get(name)
                value = getattr(value, "_loop", value)
                if isinstance(value, asyncio.AbstractEventLoop) and value.is_running() and not _is_own(value):
                    return value
            at = at.f_back
    return None


async def call(coroutine: Coroutine[Any, Any, Any], loop: asyncio.AbstractEventLoop) -> Any:
    """Awaits a coroutine that has to run on a certain loop."""
    if asyncio.get_running_loop() is loop:
        return await coroutine
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, loop))
