"""uvicorn that starts a server: started.py alone, or beside an application that has a lifespan of its own."""

import os
import sys

import uvicorn
from fastapi import FastAPI

import siohub.socketio as socketio

sio = socketio.AsyncServer(async_mode="asgi")
app = socketio.ASGIApp(sio, FastAPI() if sys.argv[1] == "beside" else None)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="info")
