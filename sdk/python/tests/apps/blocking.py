"""An application that blocks its loop, and one that is asked to end while it works: blocking.py PORT."""

import asyncio
import sys
import time

import uvicorn

import siohub.socketio as socketio

sio = socketio.AsyncServer(async_mode="asgi")


@sio.event
def block(sid, seconds):
    print("blocks", flush=True)
    time.sleep(seconds)
    return "blocked"


@sio.event
async def work(sid, seconds):
    print("works", flush=True)
    await asyncio.sleep(seconds)
    await sio.emit("done", seconds, to=sid)
    return "worked"


@sio.event
async def twice(sid):
    return 1, 2


@sio.event
async def never(sid):
    await asyncio.Event().wait()


app = socketio.ASGIApp(sio)
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
