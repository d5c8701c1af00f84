"""Handlers that block, fail, leave, never end or are asked to end: blocking.py async PORT, or blocking.py threads."""

import asyncio
import os
import signal
import sys
import threading
import time

import siohub.socketio as socketio

ASYNC = sys.argv[1] == "async"
sio = socketio.AsyncServer(async_mode="asgi") if ASYNC else socketio.Server(async_mode="threading")


def handler(name):
    """Registers a coroutine function; with threads each call runs it to its end."""

    def register(function):
        sio.on(name, function if ASYNC else lambda *args: asyncio.run(function(*args)))

    return register


async def emit(*args, **kwargs):
    done = sio.emit(*args, **kwargs)
    if ASYNC:
        await done


@handler("block")
async def block(sid, seconds):
    print("blocks", flush=True)
    time.sleep(seconds)
    return "blocked"


@handler("work")
async def work(sid, seconds):
    print("works", flush=True)
    await asyncio.sleep(seconds)
    await emit("done", seconds, to=sid)
    return "worked"


@handler("twice")
async def twice(sid):
    return 1, 2


@handler("never")
async def never(sid):
    await asyncio.Event().wait()


@handler("throw")
async def throw(sid, kind):
    await emit("before", kind, to=sid)
    raise {"error": ValueError, "cancelled": asyncio.CancelledError, "memory": MemoryError}[kind](kind)


@handler("leave")
async def leave(sid):
    print("leaves", flush=True)
    if os.environ.get("LEAVES"):
        sys.exit(3)
    return os.getpid()


@handler("signal")
async def ask_to_end(sid):
    if os.environ.get("LEAVES"):
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.3)
    return os.getpid()


if not ASYNC:
    # A function that yields is no handler that answers twice: it has no answer at all.
    @sio.on("yields")
    def yields(sid):
        yield 1
        yield 2

    sio.start()
    threading.Event().wait()
else:
    import uvicorn

    @sio.on("yields")
    async def yields(sid):
        yield 1
        yield 2

    uvicorn.run(socketio.ASGIApp(sio), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", access_log=False)
