"""Tasks of Celery that emit: a server with handlers is imported, as in an application's own module.
Celery's pool forks. The broker is the folder $BROKER."""

import asyncio
import os

from celery import Celery

import siohub.socketio as socketio

folder = os.environ["BROKER"]
os.makedirs(folder, exist_ok=True)
app = Celery("celery_app", broker="filesystem://")
app.conf.update(
    broker_transport_options={"data_folder_in": folder, "data_folder_out": folder, "control_folder": folder},
    broker_connection_retry_on_startup=False, worker_send_task_events=False,
)  # fmt: skip
threads = socketio.Server(async_mode="threading")
wsgi = socketio.WSGIApp(threads)
sio = socketio.AsyncServer(async_mode="asgi")
asgi = socketio.ASGIApp(sio)


@threads.event
def connect(sid, environ):
    raise SystemExit("a task queue lets nobody in")


@sio.on("connect")
async def connect_async(sid, environ):
    raise SystemExit("a task queue lets nobody in")


@app.task
def tell(how, sid):
    if how == "threads":
        threads.emit("task", how, to=sid)
    elif how == "asyncio":
        asyncio.run(sio.emit("task", how, to=sid))
    else:
        socketio.RedisManager(write_only=True).emit("task", how, room=sid)
