"""Namespace of Flask-SocketIO: handlers as methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siohub import socketio

if TYPE_CHECKING:
    from .flask_server import SocketIO


class Namespace(socketio.Namespace):
    """The handlers of a namespace as methods on_NAME."""

    def __init__(self, namespace: str | None = None) -> None:
        super().__init__(namespace)
        self.socketio: Any = None

    def _set_socketio(self, socketio: SocketIO) -> None:
        self.socketio = socketio

    def trigger_event(self, event: str, *args: Any) -> Any:
        """Calls the method of an event, in a request context. May be overridden."""
        handler = getattr(self, "on_" + (event or ""), None)
        if handler is None:
            return None
        try:
            try:
                return self.socketio._handle_event(handler, event, self.namespace, *args)
            except TypeError:
                if event != "disconnect":
                    raise
                return self.socketio._handle_event(handler, event, self.namespace, *args[:-1])
        except Exception as err:
            if hasattr(self, "error"):
                return self.error(err)
            raise

    def emit(  # type: ignore[override]
        self, event: str, data: Any = None, room: Any = None, include_self: bool = True, namespace: str | None = None,
        callback: Any = None, to: Any = None,
    ) -> None:  # fmt: skip
        """See SocketIO.emit."""
        self.socketio.emit(
            event, data, to=to or room, include_self=include_self, namespace=namespace or self.namespace,
            callback=callback,
        )  # fmt: skip

    def send(  # type: ignore[override]
        self, data: Any, room: Any = None, include_self: bool = True, namespace: str | None = None,
        callback: Any = None, to: Any = None,
    ) -> None:  # fmt: skip
        """See SocketIO.send."""
        self.socketio.send(
            data, to=to or room, include_self=include_self, namespace=namespace or self.namespace, callback=callback
        )

    def close_room(self, room: Any, namespace: str | None = None) -> None:
        """See SocketIO.close_room."""
        self.socketio.close_room(room=room, namespace=namespace or self.namespace)
