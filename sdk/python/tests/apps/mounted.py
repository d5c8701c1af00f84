"""FastAPI with the server mounted: nobody tells a mounted application that it starts."""

import os

from fastapi import FastAPI

import siohub.socketio as socketio

sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins=[], always_connect=bool(os.environ.get("ALWAYS")))
app = FastAPI()
app.mount("/ws", socketio.ASGIApp(sio, socketio_path="socket.io"))


@app.get("/page")
def page():
    return {"page": True}


@sio.event
async def connect(sid, environ, auth=None):
    await sio.emit("welcome", os.getpid(), to=sid)
    if auth and auth.get("name") == "false":
        return False


@sio.event
async def who(sid):
    return os.getpid()


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning")
