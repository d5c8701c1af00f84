"""A server in the parent, emits in forked children, as task queues make them: forks.py."""

import logging
import multiprocessing
import os
import threading
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


def child(how):
    if how == "manager":
        manager.emit("child", how, room="lobby")
    elif how == "fresh":
        socketio.RedisManager(write_only=True).emit("child", how, room="lobby")
    else:
        assert sio.served_namespaces() == [] and sio.only_emits()
        sio.emit("child", how, room="lobby")


def forked(how):
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            child(how)
            status = 0
        finally:
            os._exit(status)  # nothing is flushed
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def hold(lock, held, free):
    with lock:
        held.set()
        free.wait()


@sio.event
def fork(sid, how):
    if how == "process":
        process = multiprocessing.get_context("fork").Process(target=child, args=(how,))
        process.start()
        process.join()
        return process.exitcode
    if how != "locked":
        return forked(how)
    held, free = [threading.Event(), threading.Event()], threading.Event()
    for lock, at in zip((sio._lock, sio._starting), held):
        threading.Thread(target=hold, args=(lock, at, free)).start()
    for at in held:
        at.wait()
    try:
        return forked(how)
    finally:
        free.set()


manager.emit("before", os.getpid(), room="lobby")
sio.start()
while True:
    time.sleep(1)
