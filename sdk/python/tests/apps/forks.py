"""A server in the parent, emits in forked children, as task queues make them: forks.py HOW."""

import logging
import os
import time

import siohub.socketio as socketio

logging.basicConfig(level=os.environ.get("SIOHUB_LOG", "WARNING"), format="%(asctime)s %(message)s")
sio = socketio.Server(async_mode="threading")


@sio.event
def connect(sid, environ):
    sio.enter_room(sid, "lobby")


@sio.event
def pid(sid):
    return os.getpid()


manager = socketio.RedisManager("redis://nowhere:1/0", write_only=True)


@sio.event
def fork(sid, how):
    child = os.fork()
    if child == 0:
        status = 1
        try:
            if how == "manager":
                manager.emit("child", how, room="lobby")
            elif how == "fresh":
                socketio.RedisManager(write_only=True).emit("child", how, room="lobby")
            else:
                sio.attach_automatically = False
                sio.emit("child", how, room="lobby")
                sio.shutdown()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


manager.emit("before", os.getpid(), room="lobby")
sio.start()
while True:
    time.sleep(1)
