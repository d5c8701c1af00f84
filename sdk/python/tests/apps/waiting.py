"""A server of python-socketio that another program runs, as `coverage run` does; nobody starts it by name."""

import os
import threading

import socketio

sio = socketio.Server(async_mode="threading")
app = socketio.WSGIApp(sio)


@sio.event
def who(sid):
    return os.getpid()


threading.Event().wait()
