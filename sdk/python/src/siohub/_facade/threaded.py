"""How a Server reaches its hubs: the core runs on a thread of its own, which is begun when the
program has started, and anew in a process that was forked."""

from __future__ import annotations

import atexit
import contextvars
import importlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from siohub._core import commands, native
from siohub.errors import LeaseLost, TooLarge

from .base import BaseServer
from .dispatch import Dispatcher
from .executors import executor_for
from .forks import keep
from .handover import how_to_wait, run_in
from .host import Host
from .managers import BaseManager, Manager
from .mirror import Entry
from .ready import ReadyWatch, is_preload, is_server
from .relay import RelayLogger
from .trunner import ThreadRunner

T = TypeVar("T")
MAX_BACKLOG = 4096  # commands that wait for the core's thread, before who emits waits


class ThreadedServer(BaseServer):
    """The part of Server that has a core."""

    _watch: ReadyWatch | None
    _executor: Any
    _starting: Any
    _preloaded: bool

    def _core_logger(self, logger: Any) -> Any:
        return RelayLogger(logger, self._executor.submit) if native.patched() else logger

    def _choose_mode(self, mode: str | None) -> str:
        modes = ("eventlet", "gevent_uwsgi", "gevent", "threading")
        if mode is not None and mode not in modes:
            raise ValueError("Invalid async_mode specified")
        return mode or native.patched() or "threading"

    def _default_manager(self) -> BaseManager:
        return Manager()

    def _attach_when_ready(self) -> None:
        """Attaches once the program has been imported."""
        if self.attach_automatically and not self.manager.write_only and self._watch is None and is_server():
            self._will_serve = True
            if is_preload():
                self._preloaded = True
                return
            if self.async_mode != "threading":
                self._executor = executor_for(self.async_mode)  # it belongs to this thread's greenlets
            self._watch = ReadyWatch(self._attach_now)

    def _attach_now(self) -> None:
        if self.attach_automatically and not self.manager.write_only:
            self._serve()
            self._attach()

    def _attach(self) -> Host:
        """Attaches, once in a process."""
        if self._started is not None:
            return self._started  # type: ignore[no-any-return]
        with self._starting:
            if self._started is not None:
                return self._started
            if self._watch is not None:
                self._watch.done = True
            if self._executor is None:
                self._executor = executor_for(self.async_mode)
            loop = native.background()
            runner = ThreadRunner(self, self._executor)
            box: list[Host | BaseException] = []
            ready = native.allocate_lock()
            ready.acquire()

            def make() -> None:
                try:
                    box.append(Host(self, Dispatcher(self, runner)))
                except BaseException as err:
                    box.append(err)
                ready.release()

            loop.call_soon_threadsafe(make)
            ready.acquire()  # for a moment: no greenlet has to go on meanwhile
            made = box[0]
            if isinstance(made, BaseException):
                raise made
            self._started = made
            atexit.register(self._at_exit, made)
            return made

    def _new_locks(self) -> None:
        self._lock = native.original("_thread", "RLock")()
        self._starting = native.allocate_lock()

    def _forked(self) -> None:
        """Threads are the parent's, and hold its locks."""
        self._new_locks()
        keep(self._executor)
        self._executor = None
        super()._forked()
        if self._preloaded:
            self._preloaded = False
            self._watch = ReadyWatch(self._attach_now)

    def _at_exit(self, host: Host) -> None:
        if self._started is host and not host.core.closed:
            try:
                self._run(lambda: host.close(2.0), timeout=3.0)
            except Exception:
                self.logger.debug("the hub was not left in order", exc_info=True)

    def _run(self, make: Callable[[], Coroutine[Any, Any, T]], timeout: float | None = None) -> T:
        """Runs a coroutine on the core's loop and waits, in the context of the caller."""
        context = contextvars.copy_context()
        host = self._attach()

        async def run() -> T:
            task = context.run(host.loop.create_task, make())
            return await task

        return run_in(host.loop, run, self._waits(), timeout)

    def _waits(self) -> str:
        return how_to_wait(self.async_mode if self.async_mode != "threading" else "")

    def _post(self, call: Callable[[], object]) -> None:
        """Calls on the core's loop."""
        self._attach().core.post(call)

    def start(self, timeout: float | None = 10.0) -> None:
        """Attaches now, and waits until the hub has welcomed this process. Raises TimeoutError,
        HubError when every hub refuses it: MissingCapability, StatusError, ConfigError. It is asked
        again all the same until shutdown()."""
        self._serve()
        self._run(self._attach().attached, timeout)

    def shutdown(self) -> None:
        """Leaves the hub in order: handlers in flight end, sockets go to other processes."""
        if self._started is not None:
            self._run(self._started.close)

    def _registered(self) -> None:
        host = getattr(self, "_started", None)
        if host is not None:
            host.loop.call_soon_threadsafe(host.renew)

    def _send_disconnect(self, sid: str, namespace: str, at: str) -> None:
        self._send(commands.disconnect(commands.target(namespace, sockets=[sid])), at)

    def _send(self, command: Any, at: str = "") -> None:
        """Queues a command that nobody waits for."""
        if self.only_emits():
            core = self._attach().core
            self._run(lambda: core.line.do(command, at))
            return
        host = self._attach()
        core = host.core
        home, size, limit = core.line.home, command.ByteSize(), self._limit()
        if size > limit:
            raise TooLarge(size, limit, commands.heavy(command))
        waiting = len(core._inbox) + len(core.line.lobby) + (len(home.outbox) if home is not None else 0)
        if waiting >= MAX_BACKLOG and threading.get_ident() != getattr(host.loop, "_thread_id", None):
            self._run(lambda: core.line.send(command, at))
            return
        context = contextvars.copy_context()
        core.post(lambda: context.run(self._post_command, core, command, at))

    def _post_command(self, core: Any, command: Any, at: str) -> None:
        try:
            if not core.line.post(command, at):
                core.spawn(core.line.send(command, at))
        except LeaseLost as err:
            self.logger.debug("a command of a handler that was given away: %s", err)

    # What a runner calls.

    def _save(self, entry: Entry) -> None:
        raise NotImplementedError

    def _trigger_event(self, event: str, namespace: str, *args: Any) -> Any:
        raise NotImplementedError

    # In the way of the async mode.

    def start_background_task(self, target: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Runs a function in a thread or greenlet of the async mode. What it returns has join()."""
        if self.async_mode.startswith("gevent"):
            return importlib.import_module("gevent").spawn(target, *args, **kwargs)
        if self.async_mode == "eventlet":
            return _GreenThread(importlib.import_module("eventlet").spawn(target, *args, **kwargs))
        thread = threading.Thread(target=target, args=args, kwargs=kwargs, daemon=True)
        thread.start()
        return thread

    def sleep(self, seconds: float = 0) -> None:
        """Sleeps in the way of the async mode."""
        if self.async_mode.startswith("gevent"):
            importlib.import_module("gevent").sleep(seconds)
        elif self.async_mode == "eventlet":
            importlib.import_module("eventlet").sleep(seconds)
        else:
            importlib.import_module("time").sleep(seconds)


class _GreenThread:
    def __init__(self, thread: Any) -> None:
        self.thread = thread

    def join(self, timeout: float | None = None) -> Any:
        """Waits for its end."""
        return self.thread.wait()
