"""What one echo takes of the loop when it comes alone: one_echo.py, with uvloop where it is installed.
A script in the place of the hub feeds the connection, so that no system call is counted."""

from __future__ import annotations

import asyncio
import importlib
import itertools
import statistics
import time
from typing import Any

import siohub.socketio as socketio
from siohub import Options
from siohub._core import frames, hpack, http2, leanwire
from siohub._pb import attach_pb2, delivery_pb2

HUB = "x:1"
numbers, deliveries = itertools.count(1), itertools.count(1 << 52)


class Transport:
    """Counts what is written."""

    def __init__(self) -> None:
        self.writes = 0

    def write(self, data: bytes) -> None:
        self.writes += 1

    def abort(self) -> None: ...


class ScriptedWire(leanwire.LeanWire):
    connection: http2.Connection

    async def _connect(self) -> http2.Connection:
        self._connection = ScriptedWire.connection = made = http2.Connection(
            asyncio.get_running_loop(), HUB, False, 4 << 20
        )
        made.connection_made(Transport())
        window = 1 << 30
        made.data_received(frames.frame(frames.SETTINGS, 0, 0, b"\0\4" + frames.NUMBER.pack(window)))
        made.data_received(frames.frame(frames.SETTINGS, frames.ACK, 0))
        made.data_received(frames.frame(frames.WINDOW_UPDATE, 0, 0, frames.NUMBER.pack(window)))
        return made


def envelope(**item: Any) -> bytes:
    number = next(numbers)
    response = attach_pb2.AttachResponse(
        envelope_seq=number, ack_envelope_seq=max(number - 1, 1), items=[attach_pb2.Item(**item)]
    )
    raw = response.SerializeToString()
    return frames.frame(frames.DATA, 0, 1, frames.MESSAGE.pack(0, len(raw)) + raw)


def delivery(**body: Any) -> bytes:
    number = next(deliveries)
    made = delivery_pb2.Delivery(
        delivery_seq=number, dedupe_id=number.to_bytes(16, "big"), attempt=1, subscription_id=2, **body
    )
    socket = made.socket
    socket.id, socket.namespace, socket.hub_id, socket.transport, socket.client_id = (
        "Z" * 20,
        "/",
        "h" * 16,
        "websocket",
        "c" * 20,
    )
    return envelope(delivery=made)


async def main() -> None:
    sio = socketio.AsyncServer(
        options=Options(hub=HUB, heartbeat=15, dialer=lambda _: ScriptedWire(HUB, None, "", "", 4 << 20))
    )

    @sio.event
    async def connect(sid: str, environ: Any, auth: Any) -> None: ...

    @sio.event
    async def echo(sid: str, data: Any) -> Any:
        return data

    started = asyncio.ensure_future(sio.start())
    while not hasattr(ScriptedWire, "connection"):
        await asyncio.sleep(0)
    await asyncio.sleep(0.05)  # the call is opened
    connection = ScriptedWire.connection
    welcome = attach_pb2.Welcome(hub_id="h" * 16, command_window=256, max_envelope_bytes=4 << 20, attachment=b"a" * 16)
    welcome.heartbeat_interval.FromSeconds(15)
    connection.data_received(frames.frame(frames.HEADERS, frames.END_HEADERS, 1, hpack.encode([(b":status", b"200")])))
    connection.data_received(envelope(welcome=welcome))
    await started
    transport: Any = connection._transport

    async def answered(data: bytes) -> float:
        before, began = transport.writes, time.perf_counter_ns()
        connection.data_received(data)
        while transport.writes == before:
            await asyncio.sleep(0)
        return (time.perf_counter_ns() - began) / 1000

    await answered(delivery(connect_attempt=delivery_pb2.ConnectAttempt()))
    await answered(delivery(connected=delivery_pb2.Connected(rooms_version=1)))
    event = delivery_pb2.Event(name="echo", wants_ack=True)
    event.payload.args = b'["0123456789abcdef0123456789abcdef"]'
    for _ in range(4):
        times = [await answered(delivery(event=event)) for _ in range(5000)]
        print(
            f"{statistics.quantiles(times, n=10)[0]:.1f} us in the fastest tenth, median {statistics.median(times):.1f} us"
        )
    await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(sio.shutdown())), 0.1)


try:
    importlib.import_module("uvloop").install()
except ImportError:
    pass
try:
    asyncio.run(main())
except asyncio.TimeoutError:
    pass  # there is no hub that says goodbye
