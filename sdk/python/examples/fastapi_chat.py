"""A chat in FastAPI. With python-socketio the one line that differs is the import.

uvicorn fastapi_chat:app --workers 4
"""

from typing import Any

from fastapi import FastAPI, HTTPException

import siohub.socketio as socketio

sio = socketio.AsyncServer(async_mode="asgi")
app = FastAPI()
app.mount("/ws", socketio.ASGIApp(sio))


@sio.event
async def connect(sid: str, environ: dict[str, Any], auth: Any) -> None:
    name = str((auth or {}).get("name", "")).strip()
    if not name:
        raise socketio.exceptions.ConnectionRefusedError("Please tell us your name.")
    await sio.save_session(sid, {"name": name})
    await sio.enter_room(sid, "lobby")
    await sio.emit("joined", name, room="lobby", skip_sid=sid)


@sio.event
async def disconnect(sid: str, reason: str) -> None:
    session = await sio.get_session(sid)
    await sio.emit("left", {"name": session["name"], "reason": reason}, room="lobby")


@sio.event
async def message(sid: str, text: str) -> dict[str, Any]:
    session = await sio.get_session(sid)
    await sio.emit("message", {"from": session["name"], "text": text}, room="lobby", skip_sid=sid)
    return {"ok": True}


@app.post("/announce/{text}")
async def announce(text: str) -> dict[str, str]:
    """Anything in the program may emit: a route, a background task, another process."""
    if not text.strip():
        raise HTTPException(400)
    await sio.emit("announcement", text, room="lobby")
    return {"announced": text}
