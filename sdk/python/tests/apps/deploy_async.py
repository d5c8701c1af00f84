"""An application whose processes come and go: deploy_async.py PORT JOURNAL."""

import logging
import os
import sys

import uvicorn

import siohub
import siohub.socketio as socketio

logging.basicConfig(level=os.environ.get("SIOHUB_LOG", "WARNING"), format="%(asctime)s %(message)s")
options = siohub.Options(heartbeat=15, keep_sockets=False if os.environ.get("MOVES") else None)
sio = socketio.AsyncServer(async_mode="asgi", options=options)


def note(*what):
    with open(sys.argv[2], "a") as file:
        file.write(" ".join(map(str, what)) + "\n")


@sio.event
async def connect(sid, environ, auth):
    note("connect", auth["name"])
    await sio.save_session(sid, {"name": auth["name"], "count": 0})
    await sio.enter_room(sid, "lobby")
    await sio.emit("welcome", auth["name"], to=sid)


@sio.event
async def disconnect(sid, reason):
    note("disconnect", (await sio.get_session(sid)).get("name"), str(reason).replace(" ", "_"))


@sio.event
async def work(sid, number):
    session = await sio.get_session(sid)
    session["count"] += 1
    note("work", session["name"], number)
    return [session["name"], number, sio.rooms(sid) == [sid, "lobby"], sio.get_environ(sid)["HTTP_X_NAME"], os.getpid()]


@sio.event
async def count(sid):
    return (await sio.get_session(sid))["count"]


@sio.event
async def tell(sid, text):
    await sio.emit("told", text, room="lobby")


app = socketio.ASGIApp(sio)
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
