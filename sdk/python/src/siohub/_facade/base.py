"""What both servers share: handlers, rooms, environ and options of python-socketio."""

from __future__ import annotations

import contextlib
import json as jsonlib
import logging
import os
from collections.abc import Callable, Iterable
from typing import Any

from siohub._core import commands
from siohub._core.codec import Payload, encode, encode_with
from siohub._core.options import Options
from siohub._core.runner import Core
from siohub.errors import HubError

from .eio import EngineFacade
from .managers import BaseManager
from .mirror import MAX_DEFERRED, PENDING, Entry, Mirror, room_name
from .namespaces import BaseServerNamespace
from .reasons import reasons
from .said import once, say
from .sessions import patch, session_text

default_logger = logging.getLogger("siohub.server")
MAX_GHOSTS = 100_000
MAX_CALLBACKS = 64 << 10  # emits whose callbacks are waited for


class BaseServer:
    """See AsyncServer and Server."""

    reserved_events = ["connect", "disconnect"]
    reason = reasons

    def __init__(
        self,
        client_manager: Any = None,
        logger: Any = False,
        serializer: Any = "default",
        json: Any = None,
        async_handlers: bool = True,
        always_connect: bool = False,
        namespaces: Any = None,
        *,
        hub: str | None = None,
        group: str | None = None,
        options: Options | None = None,
        attach: bool = True,
        **kwargs: Any,
    ) -> None:
        """hub, group, options, attach are this package's own: where the hub is (default
        HUB_ADDRESS), the name that all processes of the application share (default HUB_GROUP,
        else "socketio"), all that siohub.Options has, and whether to attach when the
        application starts; without it, start() does."""
        self.async_handlers, self.always_connect = async_handlers, always_connect
        self.namespaces: Any = namespaces or ["/"]
        self.handlers: dict[str, dict[str, Callable[..., Any]]] = {}
        self.namespace_handlers: dict[str, Any] = {}
        self.not_handled = object()
        self.mirror = Mirror()
        self.environ = self.mirror.environ
        self.environ_extra: dict[str, Any] = {}
        self.logger = self._make_logger(logger)
        self.group = group or os.environ.get("HUB_GROUP") or "socketio"
        self.options = options or Options(heartbeat=15)
        if hub:
            self.options = Options(**{**self.options.__dict__, "hub": hub})
        self.attach_automatically = attach
        self._loads: Callable[[str], Any] = jsonlib.loads
        self._encode: Callable[[Any], Payload] = encode
        if json is not None:
            self._loads = json.loads
            self._encode = lambda args: encode_with(json.dumps, args)
        self._lock: Any = contextlib.nullcontext()
        # Whether browsers are served. A server that only emits, in a script or a task queue, must
        # let nobody in: its connect handler may not even have been imported.
        self._serves = False
        self._callbacks = 0
        self._ghosts: dict[str, None] = {}  # sockets whose end was told because their hub was lost
        if serializer != "default":
            say("serializer", serializer)
        self.async_mode = self._choose_mode(kwargs.pop("async_mode", None))
        self.eio = EngineFacade(self, kwargs)
        self.manager: BaseManager = client_manager if client_manager is not None else self._default_manager()
        self.manager.set_server(self)
        self.manager_initialized = True

    def _make_logger(self, logger: Any) -> logging.Logger:
        if not isinstance(logger, bool):
            return logger  # type: ignore[no-any-return]
        if logger and default_logger.level == logging.NOTSET:
            default_logger.setLevel(logging.INFO)
            if not logging.getLogger().handlers:
                default_logger.addHandler(logging.StreamHandler())
        return default_logger

    def _core_logger(self, logger: logging.Logger) -> Any:
        """What the core logs with."""
        return logger

    def _choose_mode(self, mode: str | None) -> str:
        raise NotImplementedError

    def _default_manager(self) -> BaseManager:
        raise NotImplementedError

    def is_asyncio_based(self) -> bool:
        """Whether handlers may be coroutines."""
        return False

    # Registration.

    def on(self, event: str, handler: Callable[..., Any] | None = None, namespace: str | None = None) -> Any:
        """Registers the handler of an event, as a decorator where none is given. "*" stands for
        every event without a handler, and as namespace for every namespace without one."""
        name = namespace or "/"

        def set_handler(handler: Callable[..., Any]) -> Callable[..., Any]:
            fresh = name not in self.handlers
            self.handlers.setdefault(name, {})[event] = handler
            if fresh:
                self._registered()
            return handler

        if handler is None:
            return set_handler
        set_handler(handler)
        return None

    def event(self, *args: Any, **kwargs: Any) -> Any:
        """Decorator that registers a handler under the name of the function."""
        if len(args) == 1 and not kwargs and callable(args[0]):
            return self.on(args[0].__name__)(args[0])
        return lambda handler: self.on(handler.__name__, *args, **kwargs)(handler)

    def register_namespace(self, namespace_handler: Any) -> None:
        """Registers a Namespace, or AsyncNamespace, object. Raises ValueError for others."""
        if not isinstance(namespace_handler, BaseServerNamespace):
            raise ValueError("Not a namespace instance")
        if self.is_asyncio_based() != namespace_handler.is_asyncio_based():
            raise ValueError("Not a valid namespace class for this server")
        namespace_handler._set_server(self)
        self.namespace_handlers[namespace_handler.namespace] = namespace_handler
        self._registered()

    def _registered(self) -> None:
        """A namespace is new."""

    def _serve(self) -> None:
        """Browsers are to be served from now on."""
        if not self._serves:
            self._serves = True
            self._registered()

    def served_namespaces(self) -> list[str]:
        """The namespaces that are accepted, as the hub takes them; none for who only emits."""
        if not self._serves:
            return []
        names: Iterable[str] = [*self.handlers, *self.namespace_handlers]
        served = {name for name in names if name != "*"}
        if self.namespaces == "*":
            served.add("*")
        else:
            served.update(name for name in self.namespaces if name != "*")
        return sorted(name if name.startswith("/") or name == "*" else "/" + name for name in served)

    def has_handlers(self, namespace: str) -> bool:
        """Whether the application said anything about a namespace."""
        return (
            namespace in self.handlers
            or namespace in self.namespace_handlers
            or (self.namespaces != ["/"] and namespace in self.namespaces)
        )

    def _get_event_handler(self, event: str, namespace: str, args: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
        of = self.handlers.get(namespace)
        if of is not None:
            handler = of.get(event)
            if handler is not None:
                return handler, args
            if "*" in of and event not in self.reserved_events:
                return of["*"], (event, *args)
        of = self.handlers.get("*")
        if of is not None:
            handler = of.get(event)
            if handler is not None:
                return handler, (namespace, *args)
            if "*" in of and event not in self.reserved_events:
                return of["*"], (event, namespace, *args)
        return None, args

    def _get_namespace_handler(self, namespace: str, args: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
        handler = self.namespace_handlers.get(namespace)
        if handler is None and "*" in self.namespace_handlers:
            return self.namespace_handlers["*"], (namespace, *args)
        return handler, args

    # What the mirror knows.

    def rooms(self, sid: str, namespace: str | None = None) -> list[Any]:
        """The rooms that a socket is in, its own first. Only of sockets that this process holds."""
        return self.manager.get_rooms(sid, namespace or "/")

    def transport(self, sid: str, namespace: str | None = None) -> str:
        """"polling", "websocket" or "webtransport". Raises KeyError for a socket that this
        process does not hold."""
        entry = self.mirror.find(sid, namespace or "/")
        if entry is None:
            raise KeyError("Session not found")
        return entry.transport

    def get_environ(self, sid: str, namespace: str | None = None) -> dict[str, Any] | None:
        """The environ of the browser's opening request; None for a socket that this process
        does not hold."""
        entry = self.mirror.find(sid, namespace or "/")
        return entry.environ if entry is not None else None

    def _environ(self, environ: dict[str, Any]) -> dict[str, Any]:
        environ.update(self.environ_extra)
        return environ

    def _remember_ghost(self, sid: str) -> None:
        self._ghosts[sid] = None
        while len(self._ghosts) > MAX_GHOSTS:
            del self._ghosts[next(iter(self._ghosts))]

    # Commands.

    def _payload(self, data: Any) -> Payload:
        if isinstance(data, tuple):
            return self._encode(list(data))
        return self._encode([data] if data is not None else [])

    def _target(self, namespace: str, room: Any, skip_sid: Any) -> tuple[Any, str]:
        """Whom an emit is for, and the hub that alone holds them, where that is known."""
        if isinstance(skip_sid, str):
            skip: list[str] = [skip_sid]
        else:
            skip = [s for s in skip_sid if isinstance(s, str)] if isinstance(skip_sid, list) else []
        if not room:
            return commands.target(namespace, all_=True, except_sockets=skip), ""
        if isinstance(room, str):
            entry = self.mirror.find(room, namespace)
            if entry is not None and entry.state != PENDING:
                return commands.target(namespace, sockets=[room], except_sockets=skip), entry.hub_id
            return commands.target(namespace, rooms=[room], except_sockets=skip), ""
        names = [room_name(r) for r in room] if isinstance(room, (list, tuple, set, frozenset)) else [room_name(room)]
        return commands.target(namespace, rooms=names, except_sockets=skip), ""

    def _defer(self, namespace: str, room: Any, skip_sid: Any, event: str, payload: Payload) -> None:
        """Keeps an emit for sockets whose connect handler still runs: it reaches them right after
        they were let in."""
        for entry in list(self.mirror.entries.values()):
            if entry.state != PENDING or entry.namespace != namespace:
                continue
            if entry.sid == skip_sid or (isinstance(skip_sid, list) and entry.sid in skip_sid):
                continue
            if room and not self._is_in(entry, room):
                continue
            if not entry.defer(commands.emit(commands.target(namespace, sockets=[entry.sid]), event, payload)):
                text = "more than %d emits, or 1 MiB, wait for a connect handler to end: the oldest are dropped"
                once("deferred", text, MAX_DEFERRED)

    @staticmethod
    def _is_in(entry: Entry, room: Any) -> bool:
        if isinstance(room, (list, tuple, set, frozenset)):
            return any(r == entry.sid or r in entry.rooms for r in room)
        return room == entry.sid or room in entry.rooms

    def _is_pending(self, sid: Any, namespace: str) -> Entry | None:
        if not self.mirror.pending:
            return None
        entry = self.mirror.find(sid, namespace)
        return entry if entry is not None and entry.state == PENDING else None

    def _change_room(self, sid: str, room: Any, namespace: str, join: bool) -> tuple[Any, str] | None:
        """Applies a change of rooms at once. Returns what the hub has to be told, and which."""
        name = room_name(room)
        if len(name.encode("utf-8", "replace")) > 256:
            raise ValueError(f"ROOM_BYTES: the room's name has more than 256 bytes: {name[:40]}...")
        if name.startswith("\x01") or not name:
            raise ValueError("RESERVED_ROOM: a room's name is not empty and does not begin with U+0001")
        at = ""
        with self._lock:
            entry = self.mirror.find(sid, namespace)
            if entry is not None:
                news = (self.mirror.enter if join else self.mirror.leave)(entry, room)
                if entry.state == PENDING or not news:
                    return None
                entry.own[room] = join
                at = entry.hub_id
        target = commands.target(namespace, sockets=[sid])
        names = [name]
        return commands.update_rooms(target, names if join else (), () if join else names), at

    def _close_room(self, room: Any, namespace: str) -> Any:
        with self._lock:
            for sid in list(self.mirror.participants(namespace, room)):
                entry = self.mirror.find(sid, namespace)
                if entry is not None and self.mirror.leave(entry, room) and entry.state != PENDING:
                    entry.own[room] = False
        name = room_name(room)
        return commands.update_rooms(commands.target(namespace, rooms=[name]), (), [name])

    def _session_command(self, entry: Entry) -> Any:
        """What the hub has to be told of a session that may have changed; None for nothing."""
        entry.touched = False
        if entry.state == PENDING:
            return None
        text = session_text(entry.session)
        if text == entry.session_text:
            return None
        entry.session_text = text
        target = commands.target(entry.namespace, sockets=[entry.sid])
        return commands.set_data(target, patch(text, self.group), merge=True)

    def _send_disconnect(self, sid: str, namespace: str, at: str) -> None:
        raise NotImplementedError

    def _has_callback(self, callback: Any) -> bool:
        """Whether a callback can be waited for. Browsers that are asked and say nothing would pile
        them up: beyond so many their event goes without."""
        if callback is not None and self._callbacks >= MAX_CALLBACKS:
            once("callbacks", "%d callbacks are waited for: further ones are not called", MAX_CALLBACKS)
            return False
        return callback is not None

    def _ask(
        self, core: Core, event: str, payload: Payload, namespace: str, room: Any, skip_sid: Any,
        answered: Callable[[Any], None],
    ) -> None:  # fmt: skip
        """Emits, and gives the payload of each acknowledgement that comes. On the core's loop. Raises
        TooLarge, LeaseLost, Closed."""

        def on_part(result: Any) -> None:
            if result.HasField("browser_ack"):
                answered(result.browser_ack.payload)

        async def wait() -> None:
            try:
                await answer
            except HubError as err:
                self.logger.debug('nobody acknowledges "%s": %s', event, err)
            finally:
                self._callbacks -= 1

        target, at = self._target(namespace, room, skip_sid)
        command = commands.with_ack(commands.emit(target, event, payload), 300, commands.EACH)
        answer = core.line.start(command, at, on_part)
        self._callbacks += 1
        task = core.loop.create_task(wait())  # what the caller's context has, it has
        core._spawned.add(task)
        task.add_done_callback(core._spawned.discard)

    def _ack_timeout(self, timeout: float | None) -> float:
        """How long browsers have to answer: a hub waits for at most 300 seconds."""
        if timeout is None or timeout > 300:
            if timeout is not None:
                once("ack timeout", "an acknowledgement is waited for at most 300 seconds, not %s", timeout)
            return 300.0
        return max(timeout, 0.001)

    @staticmethod
    def _ack_value(values: list[Any]) -> Any:
        return tuple(values) if len(values) > 1 else values[0] if values else None

    def handle_request(self, *args: Any, **kwargs: Any) -> Any:
        """There is nothing to handle: browsers are the hub's."""
        raise NotImplementedError("browsers connect to the hub, not to this application")

    def instrument(self, *args: Any, **kwargs: Any) -> None:
        """The hub has the Admin UI: its option admin_ui.enabled."""
        once("instrument", "instrument() has no effect here: the hub has the Admin UI, set its option admin_ui.enabled")
