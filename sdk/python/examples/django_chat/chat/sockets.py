"""The Socket.IO side. Handlers run in threads, so that Django's ORM may be used in them."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import Any

from django.contrib.sessions.backends.signed_cookies import SessionStore

import siohub.socketio as socketio

sio = socketio.Server(async_mode="threading")


@sio.event
def connect(sid: str, environ: dict[str, Any]) -> bool:
    cookie = SimpleCookie(environ.get("HTTP_COOKIE", "")).get("sessionid")
    name = SessionStore(cookie.value).get("name") if cookie else None
    if not name:
        return False
    sio.save_session(sid, {"name": name})
    sio.enter_room(sid, "lobby")
    sio.emit("joined", name, room="lobby", skip_sid=sid)
    return True


@sio.event
def message(sid: str, text: str) -> str:
    name = sio.get_session(sid)["name"]
    sio.emit("message", {"from": name, "text": text}, room="lobby", skip_sid=sid)
    return name  # type: ignore[no-any-return]
