"""What both servers share: handlers, rooms, environ and options of python-socketio."""

from __future__ import annotations

import contextlib
import json as jsonlib
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from siohub._core.codec import Payload, encode, encode_with
from siohub._core.options import Options

from .eio import EngineFacade
from .forks import keep, servers
from .managers import BaseManager
from .mirror import Mirror
from .reasons import reasons
from .registry import Registry
from .said import once, say
from .wording import Wording

default_logger = logging.getLogger("siohub.server")
MAX_GHOSTS = 100_000


class BaseServer(Registry, Wording):
    """See AsyncServer and Server."""

    reason = reasons
    _started: Any  # the Host, once there is one

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
            self.options = replace(self.options, hub=hub)
        self.attach_automatically = attach
        self._loads: Callable[[str], Any] = jsonlib.loads
        self._encode: Callable[..., Payload] = encode
        if json is not None:
            self._loads = json.loads
            self._encode = encode_with(json.dumps)
        self._lock: Any = contextlib.nullcontext()
        self._serves = self._will_serve = False
        self._started = None
        self._callbacks = 0
        self._ghosts: dict[str, None] = {}  # sockets whose end was told because their hub was lost
        if serializer != "default":
            say("serializer", serializer)
        self.async_mode = self._choose_mode(kwargs.pop("async_mode", None))
        self.eio = EngineFacade(self, kwargs)
        self.manager: BaseManager = client_manager if client_manager is not None else self._default_manager()
        self.manager.set_server(self)
        self.manager_initialized = True
        servers.add(self)

    def _forked(self) -> None:
        """This process is a copy. It only emits, over a connection of its own, unless it was
        forked to serve before its parent did."""
        keep(self._started)
        if self._serves or self._started is not None:
            self._serves = self._will_serve = False
        self._started = None
        self.mirror.clear()
        self._ghosts.clear()
        self._callbacks = 0
        if self.options.instance_id:  # the parent's
            self.options = replace(self.options, instance_id=f"{self.options.instance_id[:100]}-{os.getpid()}")

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

    # What the mirror knows.

    def rooms(self, sid: str, namespace: str | None = None) -> list[Any]:
        """The rooms that a socket is in, its own first. Only of sockets that this process holds."""
        return self.manager.get_rooms(sid, namespace or "/")

    def transport(self, sid: str, namespace: str | None = None) -> str:
        """One of "polling", "websocket" and "webtransport". Raises KeyError for a socket that this
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

    def _send_disconnect(self, sid: str, namespace: str, at: str) -> None:
        raise NotImplementedError

    def handle_request(self, *args: Any, **kwargs: Any) -> Any:
        """There is nothing to handle: browsers are the hub's."""
        raise NotImplementedError("browsers connect to the hub, not to this application")

    def instrument(self, *args: Any, **kwargs: Any) -> None:
        """The hub has the Admin UI: its option admin_ui.enabled."""
        once("instrument", "instrument() has no effect here: the hub has the Admin UI, set its option admin_ui.enabled")
