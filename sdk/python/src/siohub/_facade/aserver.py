"""AsyncServer: python-socketio's server for asyncio, over a hub."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable
from typing import Any

from siohub._core import commands
from siohub._core.codec import decode
from siohub._facade.exceptions import TimeoutError as NoAnswer
from siohub.errors import AckTimeout, HubError, LeaseLost, SocketGone

from .arunner import AsyncRunner
from .host import LoopWatch, call
from .hosted import HostedServer
from .mirror import LEAVING, OPEN, Entry
from .reasons import Reason
from .sessions import session_data

_is_async = functools.lru_cache(4096)(inspect.iscoroutinefunction)


class AsyncServer(HostedServer):
    """A Socket.IO server for asyncio. Browsers are connected to the hub and stay connected
    while this process is restarted.

    It takes what python-socketio's takes, and `hub`, `group`, `options`, `attach` (see
    BaseServer). Options of Engine.IO are the hub's: they are accepted, and each is said once
    by name with the hub's option. Handlers of one socket start in the order of its events and
    run beside each other, or one after the other with async_handlers=False.

    It attaches to the hub when its application starts (ASGIApp, attach), with the first emit,
    or by start(). Its methods may be awaited on any loop.
    """

    def __init__(
        self, client_manager: Any = None, logger: Any = False, json: Any = None, async_handlers: bool = True,
        namespaces: Any = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        self._watch: LoopWatch | None = None
        super().__init__(
            client_manager=client_manager, logger=logger, json=json, async_handlers=async_handlers,
            namespaces=namespaces, **kwargs,
        )  # fmt: skip

    # Emits.

    async def emit(
        self, event: str, data: Any = None, to: Any = None, room: Any = None, skip_sid: Any = None,
        namespace: str | None = None, callback: Any = None, ignore_queue: bool = False,
    ) -> None:  # fmt: skip
        """Emits to a socket, a room, several rooms, or to everybody in the namespace.

        data: str, bytes, list, dict, anything that is JSON with binary in it; a tuple is
            several arguments.
        to, room: a sid, a room, or a list of them; each socket gets one copy.
        skip_sid: a sid or a list of them.
        callback: called with what a browser acknowledges.

        Returns once the event is queued. Raises TypeError or ValueError for data that is no
        JSON (NaN, cycles), siohub.InvalidArgument for names, siohub.TooLarge.
        """
        namespace, room = namespace or "/", to or room
        name = commands.check_event(event)
        if self.manager.write_only:
            manager: Any = self.manager
            await manager.emit(name, data, namespace, room=room, skip_sid=skip_sid, callback=callback)
            return
        payload = self._payload(data, "emit", self._limit())
        if self._has_callback(callback):
            await self._emit_with_callback(name, payload, namespace, room, skip_sid, callback)
            return
        if self.mirror.pending:
            self._defer(namespace, room, skip_sid, name, payload)
        target, at = self._target(namespace, room, skip_sid)
        await self._send(commands.emit(target, name, payload), at)

    async def _emit_with_callback(
        self, event: str, payload: Any, namespace: str, room: Any, skip_sid: Any, callback: Any
    ) -> None:
        host = self._attach()

        def answered(said: Any) -> None:
            outcome = callback(*decode(said.args, said.attachments, self._loads))
            if inspect.isawaitable(outcome):
                host.core.spawn(_awaited(outcome))

        def ask() -> None:
            self._ask(host.core, event, payload, namespace, room, skip_sid, answered)

        def ask_later() -> None:
            try:
                ask()
            except HubError as err:
                self.logger.error('"%s" is not emitted: %s', event, err)

        async def begin() -> None:
            entry = self._is_pending(room, namespace)
            if entry is not None:  # it has not read CONNECT yet
                entry.after.append(ask_later)
            else:
                ask()

        await call(begin(), host.loop)

    async def send(
        self, data: Any, to: Any = None, room: Any = None, skip_sid: Any = None, namespace: str | None = None,
        callback: Any = None, ignore_queue: bool = False,
    ) -> None:  # fmt: skip
        """emit of the event "message"."""
        await self.emit("message", data, to, room, skip_sid, namespace, callback, ignore_queue)

    async def call(
        self, event: str, data: Any = None, to: Any = None, sid: Any = None, namespace: str | None = None,
        timeout: float | None = 60, ignore_queue: bool = False,
    ) -> Any:  # fmt: skip
        """Emits to one socket and waits for its acknowledgement: its argument, a tuple of
        several, None without one. Raises socketio.exceptions.TimeoutError when it does not come
        within timeout seconds (at most 300, which None means too), or at once when the socket
        is not there or leaves. May be awaited inside a handler."""
        question = self._question(event, data, to, sid, namespace, timeout)
        if question.pending:
            await asyncio.sleep(question.seconds)
            raise NoAnswer()
        try:
            await self._do(question.command, question.at, question.on_part)
        except LeaseLost:
            raise
        except (AckTimeout, SocketGone) as err:
            raise NoAnswer(str(err)) from err
        return self._answer(question)

    # Rooms.

    async def enter_room(self, sid: str, room: Any, namespace: str | None = None) -> None:
        """Puts a socket into a room. What is emitted afterwards reaches it there."""
        await self._rooms_command(self._change_room(sid, room, namespace or "/", True))

    async def leave_room(self, sid: str, room: Any, namespace: str | None = None) -> None:
        """Takes a socket out of a room."""
        await self._rooms_command(self._change_room(sid, room, namespace or "/", False))

    async def close_room(self, room: Any, namespace: str | None = None) -> None:
        """Takes every socket out of a room."""
        await self._rooms_command((self._close_room(room, namespace or "/"), ""))

    async def _rooms_command(self, change: tuple[Any, str] | None) -> None:
        if change is None:
            return
        host = self._attach()
        if host.core.line.several:  # what is emitted next may take another way
            await self._do(*change)
        else:
            await self._send(*change)

    # Sessions.

    async def get_session(self, sid: str, namespace: str | None = None) -> Any:
        """The user session of a socket, a dictionary unless another object was saved. Raises
        KeyError for a socket that is nowhere."""
        session = self._session_here(sid, namespace or "/")
        if session is None:
            host = self._attach()
            command = commands.fetch(commands.target(namespace or "/", sockets=[sid]))
            session = self._session_in(*await call(host.core.line.ask(command), host.loop))
        return session

    async def save_session(self, sid: str, session: Any, namespace: str | None = None) -> None:
        """Keeps a user session. Any object may be one; what of a dictionary is JSON goes with
        the socket to other processes."""
        entry = self.mirror.find(sid, namespace or "/")
        if entry is not None:
            entry.session = session
            self._save(entry)
            return
        data, text = session_data(session, self.group)
        if text:
            target = commands.target(namespace or "/", sockets=[sid])
            await self._send(commands.set_data(target, data, merge=True))

    def session(self, sid: str, namespace: str | None = None) -> Any:
        """The user session as a context manager that saves it at the end."""
        return _Session(self, sid, namespace)

    def _save(self, entry: Entry) -> None:
        command = self._session_command(entry)
        if command is not None:
            host = self._attach()
            host.core.line.post(command, entry.hub_id)

    # The rest.

    async def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = False) -> None:
        """Disconnects a socket. The disconnect handler of one that is here has ended when it
        returns."""
        namespace = namespace or "/"
        entry = self.mirror.find(sid, namespace)
        if entry is None:
            await self._send(commands.disconnect(commands.target(namespace, sockets=[sid])))
        elif entry.state == OPEN:
            entry.state, entry.ending = LEAVING, True
            await self._send(commands.disconnect(commands.target(namespace, sockets=[sid])), entry.hub_id)
            runner = AsyncRunner(self)
            await runner.disconnected(entry, Reason.of("server namespace disconnect"), lambda: None)
            self.mirror.remove(entry)

    def start_background_task(self, target: Callable[..., Any], *args: Any, **kwargs: Any) -> asyncio.Task[Any]:
        """Runs a coroutine function as a task of the running loop."""
        return asyncio.ensure_future(target(*args, **kwargs))

    async def sleep(self, seconds: float = 0) -> None:
        """asyncio.sleep."""
        await asyncio.sleep(seconds)

    async def _trigger_event(self, event: str, namespace: str, *args: Any) -> Any:
        """Calls the handler of an event."""
        handler, args = self._get_event_handler(event, namespace, args)
        if handler is not None:
            try:
                return await handler(*args) if _is_async(handler) else handler(*args)
            except TypeError:
                if event != "disconnect":
                    raise
                args = args[:-1]  # older handlers have no reason
                return await handler(*args) if _is_async(handler) else handler(*args)
        handler, args = self._get_namespace_handler(namespace, args)
        if handler is not None:
            return await handler.trigger_event(event, *args)
        return self.not_handled


class _Session:
    def __init__(self, server: AsyncServer, sid: str, namespace: str | None) -> None:
        self.server, self.sid, self.namespace = server, sid, namespace
        self.session: Any = None

    async def __aenter__(self) -> Any:
        self.session = await self.server.get_session(self.sid, namespace=self.namespace)
        return self.session

    async def __aexit__(self, *args: Any) -> None:
        await self.server.save_session(self.sid, self.session, namespace=self.namespace)


async def _awaited(outcome: Any) -> None:
    await outcome
