"""Flask-SocketIO over a hub: `from siohub.flask_socketio import SocketIO, emit, join_room`.

Browsers are connected to the hub; handlers run here, each in a request context of the
browser's opening request, with request.sid, request.namespace and session.
"""

from __future__ import annotations

import sys
from typing import Any

import flask

from siohub._facade.flask_namespace import Namespace
from siohub._facade.flask_server import SocketIO
from siohub._facade.flask_test import SocketIOTestClient
from siohub.socketio.exceptions import ConnectionRefusedError

__all__ = [
    "ConnectionRefusedError", "Namespace", "SocketIO", "SocketIOTestClient", "call", "close_room", "disconnect",
    "emit", "join_room", "leave_room", "rooms", "send",
]  # fmt: skip

# Functions for handlers: whom they concern comes from the request context.


def _socketio() -> Any:
    return flask.current_app.extensions["socketio"]


def _here(kwargs: dict[str, Any]) -> dict[str, Any]:
    request: Any = flask.request
    namespace = kwargs.get("namespace", getattr(request, "namespace", "/"))
    to = kwargs.get("to") or kwargs.get("room")
    if to is None and not kwargs.get("broadcast"):
        to = request.sid
    return {
        "namespace": namespace, "to": to, "include_self": kwargs.get("include_self", True),
        "skip_sid": kwargs.get("skip_sid"), "callback": kwargs.get("callback"),
        "ignore_queue": kwargs.get("ignore_queue", False),
    }  # fmt: skip


def emit(event: str, *args: Any, **kwargs: Any) -> None:
    """Emits to the socket whose event is handled; to a room with to; to all with broadcast."""
    _socketio().emit(event, *args, **_here(kwargs))


def call(event: str, *args: Any, **kwargs: Any) -> Any:
    """Emits to the socket whose event is handled, or to another one with to, and waits for its
    acknowledgement."""
    here = _here({**kwargs, "broadcast": False})
    return _socketio().call(event, *args, namespace=here["namespace"], to=here["to"], timeout=kwargs.get("timeout", 60))


def send(message: Any, **kwargs: Any) -> None:
    """emit of "message", or of "json" with json."""
    _socketio().send(message, json=kwargs.get("json", False), **_here(kwargs))


def _who(sid: str | None, namespace: str | None) -> tuple[str, str]:
    request: Any = flask.request
    return sid or request.sid, namespace or request.namespace


def join_room(room: Any, sid: str | None = None, namespace: str | None = None) -> None:
    """Puts the socket into a room."""
    sid, namespace = _who(sid, namespace)
    _socketio().server.enter_room(sid, room, namespace=namespace)


def leave_room(room: Any, sid: str | None = None, namespace: str | None = None) -> None:
    """Takes the socket out of a room."""
    sid, namespace = _who(sid, namespace)
    _socketio().server.leave_room(sid, room, namespace=namespace)


def close_room(room: Any, namespace: str | None = None) -> None:
    """Takes every socket out of a room."""
    request: Any = flask.request
    _socketio().server.close_room(room, namespace=namespace or request.namespace)


def rooms(sid: str | None = None, namespace: str | None = None) -> list[Any]:
    """The rooms of the socket, its own first."""
    sid, namespace = _who(sid, namespace)
    return _socketio().server.rooms(sid, namespace=namespace)  # type: ignore[no-any-return]


def disconnect(sid: str | None = None, namespace: str | None = None, silent: bool = False) -> None:
    """Disconnects the socket."""
    sid, namespace = _who(sid, namespace)
    _socketio().server.disconnect(sid, namespace=namespace)


if "socketio" in sys.modules and hasattr(sys.modules["socketio"], "socketio_manage"):
    raise ImportError("gevent-socketio is incompatible with siohub.flask_socketio")
