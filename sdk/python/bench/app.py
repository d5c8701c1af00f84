"""An echo: app.py MODULE PORT, where MODULE is socketio or siohub.socketio."""

import importlib
import sys

import uvicorn

socketio = importlib.import_module(sys.argv[1])
sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")


@sio.event
async def connect(sid, environ, auth):
    pass


@sio.event
async def echo(sid, data):
    return data


app = socketio.ASGIApp(sio)
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", access_log=False)
