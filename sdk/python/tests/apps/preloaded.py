"""For gunicorn --preload: `wsgi` is Flask with Server, `asgi` is FastAPI with AsyncServer mounted."""

import os

from fastapi import FastAPI
from flask import Flask

import siohub.socketio as socketio

MASTER = os.getpid()
threads = socketio.Server(async_mode="threading", group="threads")
sio = socketio.AsyncServer(async_mode="asgi", group="asyncio")


@threads.event
def who(sid):
    return [os.getpid(), MASTER]


@sio.on("who")
async def who_async(sid):
    return [os.getpid(), MASTER]


if os.environ["SERVE"] == "wsgi":
    wsgi = socketio.WSGIApp(threads, Flask(__name__))
else:
    asgi = FastAPI()
    asgi.mount("/ws", socketio.ASGIApp(sio))
