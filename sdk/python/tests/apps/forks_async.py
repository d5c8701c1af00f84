"""AsyncServer in a process that forks while it serves: forks_async.py PORT."""

import asyncio
import multiprocessing
import os
import sys
import threading

import uvicorn

import siohub
import siohub.socketio as socketio

sio = socketio.AsyncServer(async_mode="asgi", options=siohub.Options(instance_id="one"))


@sio.event
async def connect(sid, environ):
    await sio.enter_room(sid, "lobby")


@sio.event
async def pid(sid):
    return await asyncio.to_thread(os.getpid)  # which wakes the loop from a thread


def child(how):
    assert sio.served_namespaces() == [] and sio.only_emits()
    if how == "manager":
        asyncio.run(socketio.AsyncRedisManager(write_only=True).emit("child", how, room="lobby"))
    elif how == "thread":
        thread = threading.Thread(target=lambda: asyncio.run(sio.emit("child", how, room="lobby")))
        thread.start()
        thread.join()
    else:
        asyncio.run(sio.emit("child", how, room="lobby"))
        asyncio.run(sio.emit("child", os.getpid(), room="lobby"))
    assert sio.mirror.entries == {}


@sio.event
async def fork(sid, how):
    process = multiprocessing.get_context("fork").Process(target=child, args=(how,))
    process.start()
    await asyncio.to_thread(process.join)
    return process.exitcode


app = socketio.ASGIApp(sio)
if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
