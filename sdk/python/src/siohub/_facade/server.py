"""Server: python-socketio's server for threads, gevent and eventlet, over a hub."""

from __future__ import annotations

import atexit
import contextvars
import importlib
import logging
import os
import threading
import weakref
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from siohub._core import commands, native
from siohub._core.codec import decode
from siohub._facade.exceptions import TimeoutError as NoAnswer
from siohub.errors import AckTimeout, HubError, LeaseLost, SocketGone

from .base import BaseServer
from .dispatch import Dispatcher
from .executors import executor_for
from .handover import how_to_wait, run_in
from .host import Host
from .managers import BaseManager, Manager
from .mirror import LEAVING, OPEN, Entry
from .ready import ReadyWatch, is_preload, is_server
from .reasons import Reason
from .relay import RelayLogger
from .said import once
from .sessions import read_session, session_data
from .trunner import ThreadRunner

T = TypeVar("T")
MAX_BACKLOG = 4096  # commands that wait for the core's thread, before who emits waits


class Server(BaseServer):
    """A Socket.IO server for Flask, Django and other programs without asyncio. Browsers are
    connected to the hub and stay connected while this process is restarted.

    The core runs on a thread of its own, a real one also where gevent or eventlet have patched
    threads; handlers run in threads, or in greenlets with async_mode "gevent" or "eventlet",
    which is the default where these have patched the process. All methods may be called by any
    thread or greenlet. After a fork the child has a connection of its own.

    It takes what python-socketio's takes, and `hub`, `group`, `options`, `attach` (see
    BaseServer). It attaches when its application has been imported (WSGIApp), when it is run
    (flask_socketio), or by start().
    """

    def __init__(
        self, client_manager: Any = None, logger: Any = False, serializer: Any = "default", json: Any = None,
        async_handlers: bool = True, always_connect: bool = False, namespaces: Any = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        self._started: Host | None = None
        self._watch: ReadyWatch | None = None
        self._executor: Any = None
        super().__init__(
            client_manager=client_manager, logger=logger, serializer=serializer, json=json,
            async_handlers=async_handlers, always_connect=always_connect, namespaces=namespaces, **kwargs,
        )  # fmt: skip
        self._lock = native.original("_thread", "RLock")()
        self._starting = native.allocate_lock()
        self._preloaded = False  # a master process has imported it, whose children are to serve
        _servers.add(self)

    def _core_logger(self, logger: Any) -> Any:
        return RelayLogger(logger, self._executor.submit) if native.patched() else logger

    def _choose_mode(self, mode: str | None) -> str:
        modes = ("eventlet", "gevent_uwsgi", "gevent", "threading")
        if mode is not None and mode not in modes:
            raise ValueError("Invalid async_mode specified")
        return mode or native.patched() or "threading"

    def _default_manager(self) -> BaseManager:
        return Manager()

    # The hub.

    def _attach_when_ready(self) -> None:
        """Attaches once the program has been imported."""
        if self.attach_automatically and not self.manager.write_only and self._watch is None and is_server():
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
        host = self._started
        if host is not None and host.pid == os.getpid():
            return host
        with self._starting:
            host = self._started
            if host is not None and host.pid == os.getpid():
                return host
            if host is not None:
                self._forked()
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

    def _forked(self) -> None:
        """A forked process has none of its parent's sockets."""
        self.mirror.clear()
        self._executor = None
        self._lock = native.original("_thread", "RLock")()

    def _at_exit(self, host: Host) -> None:
        if host.pid == os.getpid() and not host.core.closed:
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
        HubError when the run ends before."""
        self._serve()
        host = self._attach()

        async def wait() -> None:
            import asyncio

            first = host.core.spawn(host.core.first_attached.wait())
            await asyncio.wait({first, host.task}, return_when=asyncio.FIRST_COMPLETED)
            if not first.done():
                raise HubError("not attached; the log has the reason")

        self._run(wait, timeout)

    def shutdown(self) -> None:
        """Leaves the hub in order: handlers in flight end, sockets go to other processes."""
        host = self._started
        if host is not None and host.pid == os.getpid():
            self._run(host.close)

    def _registered(self) -> None:
        host = getattr(self, "_started", None)
        if host is not None and host.pid == os.getpid():
            host.loop.call_soon_threadsafe(host.renew)

    def _send_disconnect(self, sid: str, namespace: str, at: str) -> None:
        self._send(commands.disconnect(commands.target(namespace, sockets=[sid])), at)

    def _send(self, command: Any, at: str = "", field: str = "payload") -> None:
        """Queues a command that nobody waits for."""
        host = self._attach()
        core = host.core
        home = core.line.home
        limit = home.max_envelope if home is not None else 4 << 20
        size = command.ByteSize()
        if size > limit:
            from siohub.errors import TooLarge

            raise TooLarge(size, limit, field)
        waiting = len(core._inbox) + len(core.line.lobby) + (len(home.outbox) if home is not None else 0)
        if waiting >= MAX_BACKLOG and threading.get_ident() != getattr(host.loop, "_thread_id", None):
            self._run(lambda: core.line.send(command, at, field))
            return
        context = contextvars.copy_context()
        core.post(lambda: context.run(self._post_command, core, command, at, field))

    def _post_command(self, core: Any, command: Any, at: str, field: str) -> None:
        try:
            if not core.line.post(command, at, field):
                core.spawn(core.line.send(command, at, field))
        except LeaseLost as err:
            self.logger.debug("a command of a handler that was given away: %s", err)

    # Emits.

    def emit(
        self, event: str, data: Any = None, to: Any = None, room: Any = None, skip_sid: Any = None,
        namespace: str | None = None, callback: Any = None, ignore_queue: bool = False,
    ) -> None:  # fmt: skip
        """Emits to a socket, a room, several rooms, or to everybody in the namespace; see
        AsyncServer.emit. Returns once the event is queued."""
        namespace, room = namespace or "/", to or room
        name = commands.check_event(event)
        if self.manager.write_only:
            self.manager.emit(name, data, namespace, room=room, skip_sid=skip_sid, callback=callback)  # type: ignore[attr-defined]
            return
        payload = self._payload(data)
        if self._has_callback(callback):
            self._emit_with_callback(name, payload, namespace, room, skip_sid, callback)
            return
        if self.mirror.pending:
            self._defer(namespace, room, skip_sid, name, payload)
        target, at = self._target(namespace, room, skip_sid)
        self._send(commands.emit(target, name, payload), at, "emit.payload")

    def _emit_with_callback(
        self, event: str, payload: Any, namespace: str, room: Any, skip_sid: Any, callback: Any
    ) -> None:
        core, context = self._attach().core, contextvars.copy_context()

        def answered(said: Any) -> None:
            self._executor.submit(lambda: callback(*decode(said.args, said.attachments, self._loads)))

        def ask() -> None:
            try:
                context.run(self._ask, core, event, payload, namespace, room, skip_sid, answered)
            except HubError as err:
                self.logger.log(
                    logging.DEBUG if isinstance(err, LeaseLost) else logging.ERROR, '"%s" is not emitted: %s', event, err
                )

        entry = self._is_pending(room, namespace)
        if entry is not None:  # it has not read CONNECT yet
            entry.after.append(ask)
        else:
            core.post(ask)

    def send(
        self, data: Any, to: Any = None, room: Any = None, skip_sid: Any = None, namespace: str | None = None,
        callback: Any = None, ignore_queue: bool = False,
    ) -> None:  # fmt: skip
        """emit of the event "message"."""
        self.emit("message", data, to, room, skip_sid, namespace, callback, ignore_queue)

    def call(
        self, event: str, data: Any = None, to: Any = None, sid: Any = None, namespace: str | None = None,
        timeout: float | None = 60, ignore_queue: bool = False,
    ) -> Any:  # fmt: skip
        """Emits to one socket and waits for its acknowledgement; see AsyncServer.call. Other
        threads and greenlets go on."""
        if to is None and sid is None:
            raise ValueError("Cannot use call() to broadcast.")
        if not self.async_handlers:
            raise RuntimeError("Cannot use call() when async_handlers is False.")
        namespace, room = namespace or "/", to or sid
        name, payload, seconds = commands.check_event(event), self._payload(data), self._ack_timeout(timeout)
        if self._is_pending(room, namespace):
            once("call in connect", "call() to a socket inside its connect handler: it is answered after it was let in")
            self.sleep(seconds)
            raise NoAnswer()
        first: list[Any] = []

        def on_part(result: Any) -> None:
            if result.HasField("browser_ack") and not first:
                first.append(result.browser_ack.payload)

        target, at = self._target(namespace, room, None)
        command = commands.with_ack(commands.emit(target, name, payload), seconds, commands.EACH)
        core = self._attach().core
        try:
            self._run(lambda: core.line.do(command, at, on_part))
        except LeaseLost:
            raise
        except (AckTimeout, SocketGone) as err:
            raise NoAnswer(str(err)) from None
        if not first:
            raise NoAnswer(f"{room} did not answer")
        return self._ack_value(decode(first[0].args, first[0].attachments, self._loads))

    # Rooms.

    def enter_room(self, sid: str, room: Any, namespace: str | None = None) -> None:
        """Puts a socket into a room. What is emitted afterwards reaches it there."""
        self._rooms_command(self._change_room(sid, room, namespace or "/", True))

    def leave_room(self, sid: str, room: Any, namespace: str | None = None) -> None:
        """Takes a socket out of a room."""
        self._rooms_command(self._change_room(sid, room, namespace or "/", False))

    def close_room(self, room: Any, namespace: str | None = None) -> None:
        """Takes every socket out of a room."""
        self._rooms_command((self._close_room(room, namespace or "/"), ""))

    def _rooms_command(self, change: tuple[Any, str] | None) -> None:
        if change is None:
            return
        core = self._attach().core
        if core.line.several:  # what is emitted next may take another way
            self._run(lambda: core.line.do(*change))
        else:
            self._send(*change)

    # Sessions.

    def get_session(self, sid: str, namespace: str | None = None) -> Any:
        """The user session of a socket; see AsyncServer.get_session."""
        entry = self.mirror.find(sid, namespace or "/")
        if entry is not None:
            if entry.session is None:
                entry.session = {}
            entry.touched = True
            return entry.session
        session, _ = read_session(self._data_elsewhere(sid, namespace or "/"), self.group)
        return {} if session is None else session

    def save_session(self, sid: str, session: Any, namespace: str | None = None) -> None:
        """Keeps a user session; see AsyncServer.save_session."""
        entry = self.mirror.find(sid, namespace or "/")
        if entry is not None:
            entry.session = session
            self._save(entry)
            return
        data, text = session_data(session, self.group)
        if text:
            target = commands.target(namespace or "/", sockets=[sid])
            self._send(commands.set_data(target, data, merge=True))

    def session(self, sid: str, namespace: str | None = None) -> Any:
        """The user session as a context manager that saves it at the end."""
        return _Session(self, sid, namespace)

    def _save(self, entry: Entry) -> None:
        command = self._session_command(entry)
        if command is not None:
            self._send(command, entry.hub_id)

    def _data_elsewhere(self, sid: str, namespace: str) -> bytes:
        core = self._attach().core
        command = commands.fetch(commands.target(namespace, sockets=[sid]))
        last, parts = self._run(lambda: core.line.ask(command))
        for page in (*parts, last):
            for info in page.sockets:
                return info.socket.data  # type: ignore[no-any-return]
        raise KeyError("Session not found")

    # The rest.

    def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = False) -> None:
        """Disconnects a socket. The disconnect handler of one that is here has ended when it
        returns."""
        namespace = namespace or "/"
        with self._lock:
            entry = self.mirror.find(sid, namespace)
            here = entry is not None and entry.state == OPEN
            if entry is not None and here:
                entry.state, entry.ending = LEAVING, True
        if entry is None:
            self._send(commands.disconnect(commands.target(namespace, sockets=[sid])))
        elif here:
            self._send(commands.disconnect(commands.target(namespace, sockets=[sid])), entry.hub_id)
            ThreadRunner(self, self._executor).disconnected(entry, Reason.of("server namespace disconnect"))
            with self._lock:
                self.mirror.remove(entry)

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

    def _trigger_event(self, event: str, namespace: str, *args: Any) -> Any:
        """Calls the handler of an event."""
        handler, args = self._get_event_handler(event, namespace, args)
        if handler is not None:
            try:
                return handler(*args)
            except TypeError:
                if event != "disconnect":
                    raise
                return handler(*args[:-1])  # older handlers have no reason
        handler, args = self._get_namespace_handler(namespace, args)
        if handler is not None:
            return handler.trigger_event(event, *args)
        return self.not_handled


_servers: weakref.WeakSet[Server] = weakref.WeakSet()


def _after_fork() -> None:
    """A forked process only emits, unless it was forked to serve."""
    for server in list(_servers):
        server._serves = False
        if server._preloaded:
            server._preloaded = False
            server._watch = ReadyWatch(server._attach_now)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class _GreenThread:
    def __init__(self, thread: Any) -> None:
        self.thread = thread

    def join(self, timeout: float | None = None) -> Any:
        """Waits for its end."""
        return self.thread.wait()


class _Session:
    def __init__(self, server: Server, sid: str, namespace: str | None) -> None:
        self.server, self.sid, self.namespace = server, sid, namespace
        self.session: Any = None

    def __enter__(self) -> Any:
        self.session = self.server.get_session(self.sid, namespace=self.namespace)
        return self.session

    def __exit__(self, *args: Any) -> None:
        self.server.save_session(self.sid, self.session, namespace=self.namespace)
