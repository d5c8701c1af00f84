"""Class-based namespaces."""

from __future__ import annotations

import inspect
from typing import Any


class BaseServerNamespace:
    """What both kinds share."""

    def __init__(self, namespace: str | None = None) -> None:
        self.namespace = namespace or "/"
        self.server: Any = None

    def _set_server(self, server: Any) -> None:
        self.server = server

    def is_asyncio_based(self) -> bool:
        """Whether handlers may be coroutines."""
        return False

    def rooms(self, sid: str, namespace: str | None = None) -> list[Any]:
        """See Server.rooms; the namespace is this one unless given, as in all methods here."""
        return self.server.rooms(sid, namespace=namespace or self.namespace)  # type: ignore[no-any-return]

    def session(self, sid: str, namespace: str | None = None) -> Any:
        """See Server.session."""
        return self.server.session(sid, namespace=namespace or self.namespace)


class Namespace(BaseServerNamespace):
    """The handlers of a namespace as methods on_NAME. For Server."""

    def trigger_event(self, event: str, *args: Any) -> Any:
        """Calls the method of an event. May be overridden."""
        handler = getattr(self, "on_" + (event or ""), None)
        if handler is None:
            return None
        try:
            return handler(*args)
        except TypeError:
            if event == "disconnect":  # older handlers have no reason
                return handler(*args[:-1])
            raise

    def emit(
        self, event: str, data: Any = None, to: Any = None, room: Any = None, skip_sid: Any = None,
        namespace: str | None = None, callback: Any = None, ignore_queue: bool = False,
    ) -> Any:  # fmt: skip
        """See Server.emit."""
        return self.server.emit(
            event, data=data, to=to, room=room, skip_sid=skip_sid, namespace=namespace or self.namespace,
            callback=callback, ignore_queue=ignore_queue,
        )  # fmt: skip

    def send(
        self, data: Any, to: Any = None, room: Any = None, skip_sid: Any = None, namespace: str | None = None,
        callback: Any = None, ignore_queue: bool = False,
    ) -> Any:  # fmt: skip
        """See Server.send."""
        return self.server.send(
            data, to=to, room=room, skip_sid=skip_sid, namespace=namespace or self.namespace, callback=callback,
            ignore_queue=ignore_queue,
        )  # fmt: skip

    def call(
        self, event: str, data: Any = None, to: Any = None, sid: Any = None, namespace: str | None = None,
        timeout: float | None = None, ignore_queue: bool = False,
    ) -> Any:  # fmt: skip
        """See Server.call."""
        return self.server.call(
            event, data=data, to=to, sid=sid, namespace=namespace or self.namespace, timeout=timeout,
            ignore_queue=ignore_queue,
        )  # fmt: skip

    def enter_room(self, sid: str, room: Any, namespace: str | None = None) -> Any:
        """See Server.enter_room."""
        return self.server.enter_room(sid, room, namespace=namespace or self.namespace)

    def leave_room(self, sid: str, room: Any, namespace: str | None = None) -> Any:
        """See Server.leave_room."""
        return self.server.leave_room(sid, room, namespace=namespace or self.namespace)

    def close_room(self, room: Any, namespace: str | None = None) -> Any:
        """See Server.close_room."""
        return self.server.close_room(room, namespace=namespace or self.namespace)

    def get_session(self, sid: str, namespace: str | None = None) -> Any:
        """See Server.get_session."""
        return self.server.get_session(sid, namespace=namespace or self.namespace)

    def save_session(self, sid: str, session: Any, namespace: str | None = None) -> Any:
        """See Server.save_session."""
        return self.server.save_session(sid, session, namespace=namespace or self.namespace)

    def disconnect(self, sid: str, namespace: str | None = None) -> Any:
        """See Server.disconnect."""
        return self.server.disconnect(sid, namespace=namespace or self.namespace)


class AsyncNamespace(BaseServerNamespace):
    """The handlers of a namespace as methods on_NAME, which may be coroutines. For AsyncServer."""

    def is_asyncio_based(self) -> bool:
        """They may."""
        return True

    async def trigger_event(self, event: str, *args: Any) -> Any:
        """Calls the method of an event. May be overridden."""
        handler = getattr(self, "on_" + (event or ""), None)
        if handler is None:
            return None
        try:
            result = handler(*args)
            return await result if inspect.iscoroutinefunction(handler) else result
        except TypeError:
            if event != "disconnect":
                raise
            result = handler(*args[:-1])  # older handlers have no reason
            return await result if inspect.iscoroutinefunction(handler) else result

    async def emit(
        self, event: str, data: Any = None, to: Any = None, room: Any = None, skip_sid: Any = None,
        namespace: str | None = None, callback: Any = None, ignore_queue: bool = False,
    ) -> None:  # fmt: skip
        """See AsyncServer.emit."""
        await self.server.emit(
            event, data=data, to=to, room=room, skip_sid=skip_sid, namespace=namespace or self.namespace,
            callback=callback, ignore_queue=ignore_queue,
        )  # fmt: skip

    async def send(
        self, data: Any, to: Any = None, room: Any = None, skip_sid: Any = None, namespace: str | None = None,
        callback: Any = None, ignore_queue: bool = False,
    ) -> None:  # fmt: skip
        """See AsyncServer.send."""
        await self.server.send(
            data, to=to, room=room, skip_sid=skip_sid, namespace=namespace or self.namespace, callback=callback,
            ignore_queue=ignore_queue,
        )  # fmt: skip

    async def call(
        self, event: str, data: Any = None, to: Any = None, sid: Any = None, namespace: str | None = None,
        timeout: float | None = None, ignore_queue: bool = False,
    ) -> Any:  # fmt: skip
        """See AsyncServer.call."""
        return await self.server.call(
            event, data=data, to=to, sid=sid, namespace=namespace or self.namespace, timeout=timeout,
            ignore_queue=ignore_queue,
        )  # fmt: skip

    async def enter_room(self, sid: str, room: Any, namespace: str | None = None) -> None:
        """See AsyncServer.enter_room."""
        await self.server.enter_room(sid, room, namespace=namespace or self.namespace)

    async def leave_room(self, sid: str, room: Any, namespace: str | None = None) -> None:
        """See AsyncServer.leave_room."""
        await self.server.leave_room(sid, room, namespace=namespace or self.namespace)

    async def close_room(self, room: Any, namespace: str | None = None) -> None:
        """See AsyncServer.close_room."""
        await self.server.close_room(room, namespace=namespace or self.namespace)

    async def get_session(self, sid: str, namespace: str | None = None) -> Any:
        """See AsyncServer.get_session."""
        return await self.server.get_session(sid, namespace=namespace or self.namespace)

    async def save_session(self, sid: str, session: Any, namespace: str | None = None) -> None:
        """See AsyncServer.save_session."""
        await self.server.save_session(sid, session, namespace=namespace or self.namespace)

    async def disconnect(self, sid: str, namespace: str | None = None) -> None:
        """See AsyncServer.disconnect."""
        await self.server.disconnect(sid, namespace=namespace or self.namespace)
