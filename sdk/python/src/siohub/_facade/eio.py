"""`sio.eio`, as far as applications read or write it."""

from __future__ import annotations

import asyncio
import secrets
import threading
from typing import TYPE_CHECKING, Any

from .said import HUB_OPTIONS, NOTHING, say

if TYPE_CHECKING:
    from .base import BaseServer

DEFAULTS: dict[str, Any] = {
    "ping_interval": 25,
    "ping_timeout": 20,
    "max_http_buffer_size": 1_000_000,
    "allow_upgrades": True,
    "http_compression": True,
    "compression_threshold": 1024,
    "cookie": None,
    "cors_allowed_origins": None,
    "cors_credentials": True,
    "transports": ["polling", "websocket"],
    "monitor_clients": True,
}


class EngineFacade:
    """Engine options may be read and written here; they are the hub's, which is said once for
    each by name. What looks into sessions of browsers is refused."""

    server: Any

    def __init__(self, server: BaseServer, options: dict[str, Any]) -> None:
        set_ = object.__setattr__
        set_(self, "server", server)
        set_(self, "async_mode", server.async_mode)
        set_(self, "logger", server.logger)
        for name, value in DEFAULTS.items():
            set_(self, name, value)
        set_(self, "ping_interval_grace_period", 0)
        set_(self, "start_service_task", True)
        for name, value in options.items():
            if name == "transports" and isinstance(value, str):
                value = [value]
            setattr(self, name, value)
        interval = getattr(self, "ping_interval", 25)
        if isinstance(interval, tuple):
            set_(self, "ping_interval", interval[0])
            set_(self, "ping_interval_grace_period", interval[1])

    def __setattr__(self, name: str, value: Any) -> None:
        if (name in HUB_OPTIONS or name in NOTHING) and value != DEFAULTS.get(name):
            say(name, value)
        object.__setattr__(self, name, value)

    @property
    def sockets(self) -> Any:
        """Refused: sessions of browsers are the hub's."""
        raise NotImplementedError("eio.sockets: sessions of browsers are the hub's; see Server.manager for sockets")

    def generate_id(self) -> str:
        """A new id."""
        return secrets.token_urlsafe(15)

    def transport(self, eio_sid: str) -> str:
        """The transport of a browser."""
        for entry in list(self.server.mirror.browsers.get(eio_sid, {}).values()):
            return entry.transport  # type: ignore[no-any-return]
        raise KeyError("Session not found")

    def create_event(self, *args: Any, **kwargs: Any) -> Any:
        """An event of the async mode."""
        if self.server.is_asyncio_based():
            return asyncio.Event(*args, **kwargs)
        return threading.Event(*args, **kwargs)

    def start_background_task(self, target: Any, *args: Any, **kwargs: Any) -> Any:
        """See Server.start_background_task."""
        return self.server.start_background_task(target, *args, **kwargs)

    def sleep(self, seconds: float = 0) -> Any:
        """See Server.sleep."""
        return self.server.sleep(seconds)

    def shutdown(self) -> Any:
        """See Server.shutdown."""
        return self.server.shutdown()

    def attach(self, app: Any, engineio_path: str = "engine.io") -> None:
        """See AsyncServer.attach."""
        self.server.attach(app, engineio_path)
