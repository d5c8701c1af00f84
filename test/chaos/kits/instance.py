"""The Python kit's processes of TestKits: what an application does, in a ledger.

    instance.py HUB LEDGER

imports everything once and then forks a process for each line that it reads. It says
`pid N` for each, and `exit N STATUS` when one has ended.
"""

import asyncio
import ctypes
import json
import os
import signal
import sys
import time

import siohub.socketio as socketio

PR_SET_PDEATHSIG = 1


def serve():
    sio = socketio.AsyncServer(async_mode="asgi", async_handlers=False)  # one event of a browser after the other
    ledger = os.open(os.environ["LEDGER"], os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o644)
    run = f"{os.getpid()}.{time.time_ns():x}"

    def write(sid, kind, n=0, **more):
        record = {"run": run, "socket": sid, "kind": kind, "n": n, "dedupe_id": f"{kind} {sid} {n}", "attempt": 0, **more}
        os.write(ledger, (json.dumps(record) + "\n").encode())

    @sio.on("connect", namespace="/chaos")
    async def connect(sid, environ):
        write(sid, "connected")

    @sio.on("disconnect", namespace="/chaos")
    async def disconnect(sid, reason):
        write(sid, "disconnected", reason=reason)

    @sio.on("note", namespace="/chaos")
    async def note(sid, n):
        write(sid, "event", n)

    @sio.on("work", namespace="/chaos")
    async def work(sid, n):
        write(sid, "event", n)
        if n % 4 == 0:
            await asyncio.sleep(n % 7 * 0.004)  # a kill finds events that are handled and not settled
        await sio.emit("seen", n, to=sid, namespace="/chaos")
        return n

    asyncio.run(asgi(socketio.ASGIApp(sio)))


async def asgi(app):
    """What an ASGI server does for an application that nobody asks anything."""
    asks = asyncio.Queue()
    asks.put_nowait({"type": "lifespan.startup"})

    async def send(message):
        if message["type"].endswith("failed"):
            raise RuntimeError(message)

    await app({"type": "lifespan", "asgi": {"version": "3.0"}}, asks.get, send)


def reap(*_):
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        os.write(1, f"exit {pid} {status}\n".encode())


def main():
    os.environ["HUB_ADDRESS"], os.environ["LEDGER"] = sys.argv[1:]
    signal.signal(signal.SIGCHLD, reap)
    for _ in sys.stdin:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # its end is told after its birth
        pid = os.fork()
        if pid == 0:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            serve()
            os._exit(0)
        os.write(1, f"pid {pid}\n".encode())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})


if __name__ == "__main__":
    main()
