"""Server: python-socketio's server for threads, gevent and eventlet, over a hub."""

from __future__ import annotations

import contextvars
import logging
from typing import Any

from siohub._core import commands
from siohub._core.codec import decode
from siohub._facade.exceptions import TimeoutError as NoAnswer
from siohub.errors import AckTimeout, HubError, LeaseLost, SocketGone

from .mirror import LEAVING, OPEN, Entry
from .ready import ReadyWatch
from .reasons import Reason
from .sessions import session_data
from .threaded import ThreadedServer
from .trunner import ThreadRunner


class Server(ThreadedServer):
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
        self._watch: ReadyWatch | None = None
        self._executor: Any = None
        super().__init__(
            client_manager=client_manager, logger=logger, serializer=serializer, json=json,
            async_handlers=async_handlers, always_connect=always_connect, namespaces=namespaces, **kwargs,
        )  # fmt: skip
        self._new_locks()
        self._preloaded = False  # a master process has imported it, whose children are to serve

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
        payload = self._payload(data, "emit", self._limit())
        if self._has_callback(callback):
            self._emit_with_callback(name, payload, namespace, room, skip_sid, callback)
            return
        if self.mirror.pending:
            self._defer(namespace, room, skip_sid, name, payload)
        target, at = self._target(namespace, room, skip_sid)
        self._send(commands.emit(target, name, payload), at)

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
                    logging.DEBUG if isinstance(err, LeaseLost) else logging.ERROR,
                    '"%s" is not emitted: %s',
                    event,
                    err,
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
        question = self._question(event, data, to, sid, namespace, timeout)
        if question.pending:
            self.sleep(question.seconds)
            raise NoAnswer()
        core = self._attach().core
        try:
            self._run(lambda: core.line.do(question.command, question.at, question.on_part))
        except LeaseLost:
            raise
        except (AckTimeout, SocketGone) as err:
            raise NoAnswer(str(err)) from err
        return self._answer(question)

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
        session = self._session_here(sid, namespace or "/")
        if session is None:
            core, command = self._attach().core, commands.fetch(commands.target(namespace or "/", sockets=[sid]))
            session = self._session_in(*self._run(lambda: core.line.ask(command)))
        return session

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
            try:
                ThreadRunner(self, self._executor).disconnected(entry, Reason.of("server namespace disconnect"))
            finally:
                with self._lock:
                    self.mirror.remove(entry)

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


class _Session:
    def __init__(self, server: Server, sid: str, namespace: str | None) -> None:
        self.server, self.sid, self.namespace = server, sid, namespace
        self.session: Any = None

    def __enter__(self) -> Any:
        self.session = self.server.get_session(self.sid, namespace=self.namespace)
        return self.session

    def __exit__(self, *args: Any) -> None:
        self.server.save_session(self.sid, self.session, namespace=self.namespace)
