"""Client managers. The hub brings processes together, so that there is nothing left for them
to do but to answer questions from the mirror, and to emit where there is no server."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from .emitter import Emitter
from .mirror import OPEN, Rooms
from .said import once, say

default_logger = logging.getLogger("siohub")
_INTERNALS = (
    "_publish", "_listen", "_redis_listen_with_retries", "_thread", "_handle_emit", "_redis_connect",
    "basic_enter_room", "basic_leave_room", "basic_disconnect", "pre_connect", "connect", "trigger_callback",
)  # fmt: skip


class BaseManager:
    """`sio.manager`: rooms and participants of the sockets that this process holds."""

    write_only = False
    name = "siohub"

    def __init__(self) -> None:
        self.logger: Any = None
        self.server: Any = None
        self.redis: Any = None
        for base in type(self).__mro__:
            if base.__module__ == __name__:
                break
            for name in _INTERNALS:
                if name in vars(base):
                    once(
                        f"manager {name}",
                        "%s.%s is never called here: the hub does what it overrides",
                        base.__qualname__,
                        name,
                        level=logging.ERROR,
                    )

    def set_server(self, server: Any) -> None:
        """The server that it belongs to."""
        self.server = server

    def initialize(self) -> None:
        """Nothing to do."""

    @property
    def rooms(self) -> Rooms:
        """rooms[namespace][room][sid] = eio_sid; the room None has everybody."""
        return self.server.mirror.rooms if self.server is not None else {}

    def get_namespaces(self) -> Any:
        """The namespaces that have sockets here."""
        return list(self.rooms)

    def get_participants(self, namespace: str, room: Any) -> Iterator[tuple[str, str]]:
        """Pairs of sid and eio_sid of the sockets here that are in a room, or in several."""
        with self.server._lock:
            found = self.server.mirror.participants(namespace, room)
        yield from found.items()

    def is_connected(self, sid: str, namespace: str) -> bool:
        """Whether a socket is here, let in and not about to leave."""
        entry = self.server.mirror.find(sid, namespace)
        return entry is not None and entry.state == OPEN

    def get_rooms(self, sid: str, namespace: str) -> list[Any]:
        """The rooms that a socket is in."""
        entry = self.server.mirror.find(sid, namespace)
        return [sid, *entry.rooms] if entry is not None else []

    def eio_sid_from_sid(self, sid: str, namespace: str) -> str | None:
        """The id of a socket's browser; the same in all namespaces, of no use as a credential."""
        entry = self.server.mirror.find(sid, namespace)
        return entry.eio_sid if entry is not None else None

    def sid_from_eio_sid(self, eio_sid: str, namespace: str) -> str | None:
        """The socket of a browser in a namespace."""
        found = self.server.mirror.browsers.get(eio_sid, {}) if self.server is not None else {}
        return next((sid for sid, entry in list(found.items()) if entry.namespace == namespace), None)

    def _get_logger(self) -> Any:
        return self.logger or (self.server.logger if self.server is not None else default_logger)


class Manager(BaseManager):
    """For Server."""

    def can_disconnect(self, sid: str, namespace: str) -> bool:
        """Whether a socket is here."""
        return self.is_connected(sid, namespace)

    def emit(self, event: str, data: Any, namespace: str = "/", room: Any = None, skip_sid: Any = None,
             callback: Any = None, to: Any = None, **kwargs: Any) -> None:  # fmt: skip
        """See Server.emit."""
        self.server.emit(event, data, to=to or room, skip_sid=skip_sid, namespace=namespace, callback=callback)

    def enter_room(self, sid: str, namespace: str, room: Any, eio_sid: Any = None) -> None:
        """See Server.enter_room."""
        self.server.enter_room(sid, room, namespace=namespace)

    def leave_room(self, sid: str, namespace: str, room: Any) -> None:
        """See Server.leave_room."""
        self.server.leave_room(sid, room, namespace=namespace)

    def close_room(self, room: Any, namespace: str) -> None:
        """See Server.close_room."""
        self.server.close_room(room, namespace=namespace)

    def disconnect(self, sid: str, namespace: str = "/", **kwargs: Any) -> None:
        """See Server.disconnect."""
        self.server.disconnect(sid, namespace=namespace)


class AsyncManager(BaseManager):
    """For AsyncServer."""

    async def can_disconnect(self, sid: str, namespace: str) -> bool:
        """Whether a socket is here."""
        return self.is_connected(sid, namespace)

    async def emit(self, event: str, data: Any, namespace: str = "/", room: Any = None, skip_sid: Any = None,
                   callback: Any = None, to: Any = None, **kwargs: Any) -> None:  # fmt: skip
        """See AsyncServer.emit."""
        await self.server.emit(event, data, to=to or room, skip_sid=skip_sid, namespace=namespace, callback=callback)

    async def enter_room(self, sid: str, namespace: str, room: Any, eio_sid: Any = None) -> None:
        """See AsyncServer.enter_room."""
        await self.server.enter_room(sid, room, namespace=namespace)

    async def leave_room(self, sid: str, namespace: str, room: Any) -> None:
        """See AsyncServer.leave_room."""
        await self.server.leave_room(sid, room, namespace=namespace)

    async def close_room(self, room: Any, namespace: str) -> None:
        """See AsyncServer.close_room."""
        await self.server.close_room(room, namespace=namespace)

    async def disconnect(self, sid: str, namespace: str = "/", **kwargs: Any) -> None:
        """See AsyncServer.disconnect."""
        await self.server.disconnect(sid, namespace=namespace)


class _PubSub:
    """What all managers with a message queue take: it is not used. With write_only one emits
    without a server, from a task queue or a script: over the hub."""

    write_only: bool
    server: Any

    def _configure(
        self, url: str, channel: str, write_only: bool, logger: Any, json: Any, more: dict[str, Any]
    ) -> None:
        self.url, self.channel, self.write_only, self.logger, self.json = url, channel, write_only, logger, json
        self.redis_url, self.redis_options = url, more.get("redis_options") or {}
        self.emitter = Emitter(json=json)
        if not write_only:
            say("client_manager", url)


class PubSubManager(_PubSub, Manager):
    """For Server, and for processes without one."""

    def __init__(self, url: str = "", channel: str = "socketio", write_only: bool = False, logger: Any = None,
                 json: Any = None, **more: Any) -> None:  # fmt: skip
        super().__init__()
        self._configure(url, channel, write_only, logger, json, more)

    def emit(self, event: str, data: Any, namespace: str | None = None, room: Any = None, skip_sid: Any = None,
             callback: Any = None, to: Any = None, **kwargs: Any) -> None:  # fmt: skip
        """Emits; returns once the hub has it. Raises siohub.HubError. Without a server there
        are no callbacks."""
        if self.server is not None and not self.write_only:
            super().emit(event, data, namespace or "/", room, skip_sid, callback, to)
            return
        if callback is not None:
            raise RuntimeError("Callbacks can only be issued from the context of a server.")
        self.emitter.emit(event, data, room=to or room, skip_sid=skip_sid, namespace=namespace or "/")

    def enter_room(self, sid: str, namespace: str, room: Any, eio_sid: Any = None) -> None:
        """Puts a socket into a room."""
        if self.server is not None and not self.write_only:
            super().enter_room(sid, namespace, room)
        else:
            self.emitter.enter_room(sid, room, namespace)

    def leave_room(self, sid: str, namespace: str, room: Any) -> None:
        """Takes a socket out of a room."""
        if self.server is not None and not self.write_only:
            super().leave_room(sid, namespace, room)
        else:
            self.emitter.leave_room(sid, room, namespace)

    def close_room(self, room: Any, namespace: str | None = None) -> None:
        """Takes all sockets out of a room."""
        if self.server is not None and not self.write_only:
            super().close_room(room, namespace or "/")
        else:
            self.emitter.close_room(room, namespace or "/")

    def disconnect(self, sid: str, namespace: str | None = None, **kwargs: Any) -> None:
        """Disconnects a socket."""
        if self.server is not None and not self.write_only:
            super().disconnect(sid, namespace or "/")
        else:
            self.emitter.disconnect(sid, namespace or "/")


class RedisManager(PubSubManager):
    """Takes the arguments of python-socketio's; there is no Redis behind it."""

    name = "redis"

    def __init__(self, url: str = "redis://localhost:6379/0", channel: str = "socketio", write_only: bool = False,
                 logger: Any = None, json: Any = None, redis_options: Any = None, **more: Any) -> None:  # fmt: skip
        super().__init__(url, channel, write_only, logger, json, redis_options=redis_options, **more)


class KombuManager(PubSubManager):
    """Takes the arguments of python-socketio's."""

    name = "kombu"


class KafkaManager(PubSubManager):
    """Takes the arguments of python-socketio's."""

    name = "kafka"


class ZmqManager(PubSubManager):
    """Takes the arguments of python-socketio's."""

    name = "zmq"


class AsyncPubSubManager(_PubSub, AsyncManager):
    """For AsyncServer, and for processes without one."""

    def __init__(self, url: str = "", channel: str = "socketio", write_only: bool = False, logger: Any = None,
                 json: Any = None, **more: Any) -> None:  # fmt: skip
        super().__init__()
        self._configure(url, channel, write_only, logger, json, more)

    async def emit(self, event: str, data: Any, namespace: str | None = None, room: Any = None, skip_sid: Any = None,
                   callback: Any = None, to: Any = None, **kwargs: Any) -> None:  # fmt: skip
        """Emits; returns once the hub has it. Raises siohub.HubError."""
        if self.server is not None and not self.write_only:
            await super().emit(event, data, namespace or "/", room, skip_sid, callback, to)
            return
        if callback is not None:
            raise RuntimeError("Callbacks can only be issued from the context of a server.")
        await self.emitter.aemit(event, data, room=to or room, skip_sid=skip_sid, namespace=namespace or "/")


class AsyncRedisManager(AsyncPubSubManager):
    """Takes the arguments of python-socketio's; there is no Redis behind it."""

    name = "asyncredis"

    def __init__(self, url: str = "redis://localhost:6379/0", channel: str = "socketio", write_only: bool = False,
                 logger: Any = None, json: Any = None, redis_options: Any = None, **more: Any) -> None:  # fmt: skip
        super().__init__(url, channel, write_only, logger, json, redis_options=redis_options, **more)


class AsyncAioPikaManager(AsyncPubSubManager):
    """Takes the arguments of python-socketio's."""

    name = "asyncaiopika"
