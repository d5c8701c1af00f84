"""HTTP/2 as a client of gRPC needs it (RFC 9113), on an event loop's own sockets.

grpc.aio moves each message through threads of its own: on the machine where it was measured,
280 us of a process's CPU for one envelope each way, several times what the handler, the JSON
and the protobuf of an event cost together, and where python-socketio needs 100 to 130 us for a
whole echo (bench/echo.sh with HUB_TRANSPORT=grpc and without). This is a protocol on the
application's loop. It needs no thread, so that it works beside gevent and eventlet and after a
fork as well. wire.py has both.

Why not the library h2: with h2 4.4 in the place of this file, frames.py and hpack.py an echo that
comes alone took 63 to 67 us of the loop, without system calls, where it takes 21 to 28 us
(bench/one_echo.py, the fastest tenth, runs of both in turn; Python 3.11 with uvloop). Those 40 us
would make it 0.6 of python-socketio's CPU at 1000 echoes a second, where a half is the most that
it may be (bench/echo.sh 4 1000: 117 us beside 250).
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from siohub.errors import StatusError

from . import hpack
from .exchange import Exchange
from .frames import (
    CANCEL,
    CONTINUATION,
    DATA,
    DEFAULT_WINDOW,
    END_HEADERS,
    END_STREAM,
    HEAD,
    HEADERS,
    MAX_FRAME,
    MAX_HEADERS,
    MESSAGE,
    NUMBER,
    PREFACE,
    RST_STREAM,
    SETTINGS,
    WINDOW,
    WINDOW_UPDATE,
    frame,
)
from .incoming import Incoming
from .status import make_error


class Connection(Incoming):
    """One connection, with as many streams as are opened. Broken, it fails them all: by what is
    no HTTP/2, and by more than the bounds of frames.py."""

    def __init__(self, loop: asyncio.AbstractEventLoop, authority: str, secure: bool, max_bytes: int) -> None:
        super().__init__()
        self.loop = loop
        self._authority, self._secure, self._max = authority, secure, max_bytes
        self._next = 1
        self._writable: deque[asyncio.Future[None]] = deque()

    @property
    def usable(self) -> bool:
        """Whether calls may be opened."""
        return self.lost is None and not self._goodbye

    # Calls.

    def open(self, path: str, metadata: list[tuple[str, str]]) -> Exchange:
        """Begins a call."""
        exchange = Exchange(self, self._next, self._max)
        self._next += 2
        gone = self.lost or (make_error("UNAVAILABLE", "", self._goodbye) if self._goodbye else None)
        if gone is not None:
            exchange.fail(gone)
            return exchange
        self._streams[exchange.number] = exchange
        block = hpack.encode([
            (b":method", b"POST"), (b":scheme", b"https" if self._secure else b"http"), (b":path", path.encode()),
            (b":authority", self._authority.encode()), (b"te", b"trailers"), (b"content-type", b"application/grpc"),
            (b"user-agent", b"siohub-python"), *((k.encode(), v.encode()) for k, v in metadata),
        ])  # fmt: skip
        first = True
        while block or first:
            part, block = block[: self._max_frame], block[self._max_frame :]
            self._write(frame(HEADERS if first else CONTINUATION, 0 if block else END_HEADERS, exchange.number, part))
            first = False
        return exchange

    def send(self, exchange: Exchange, message: bytes) -> None:
        """Sends a message of a stream, as soon as its window allows."""
        if exchange.ended:
            return
        size = len(message) + 5
        if not exchange.pending and size <= self._max_frame and size <= self._window and size <= exchange.window:
            self._window -= size
            exchange.window -= size
            if self.lost is None:
                head = HEAD.pack(size >> 16, size & 0xFFFF, DATA, 0, exchange.number)
                self._transport.write(head + MESSAGE.pack(0, size - 5) + message)
            return
        exchange.pending.append(MESSAGE.pack(0, size - 5) + message)
        self.pump(exchange)

    def pump(self, exchange: Exchange) -> None:
        """Sends what waits for window."""
        pending = exchange.pending
        while pending:
            room = min(self._max_frame, self._window, exchange.window)
            if room <= 0:
                return
            body = pending.popleft()
            if len(body) > room:
                pending.appendleft(body[room:])
                body = body[:room]
            self._window -= len(body)
            exchange.window -= len(body)
            self._write(frame(DATA, 0, exchange.number, body))
        if exchange.closing and not exchange.ended:
            exchange.closing = False
            self._write(frame(DATA, END_STREAM, exchange.number))
        self._rouse()

    def reset(self, exchange: Exchange, error: StatusError) -> None:
        """Gives a stream up."""
        if not exchange.ended:
            self._write(frame(RST_STREAM, 0, exchange.number, NUMBER.pack(CANCEL)))
            exchange.fail(error)

    def forget(self, exchange: Exchange) -> None:
        """A stream has ended."""
        self._streams.pop(exchange.number, None)
        if self._goodbye and not self._streams and self.lost is None:
            self._transport.close()
        self._rouse()

    def grant(self, stream: int, size: int) -> None:
        """Lets the other end send more."""
        self._write(frame(WINDOW_UPDATE, 0, stream, NUMBER.pack(size)))

    async def writable(self) -> None:
        """Waits until more may be written, or something has ended."""
        waiter = self.loop.create_future()
        self._writable.append(waiter)
        await waiter

    def close(self) -> None:
        """Hangs up."""
        self._fail(make_error("CANCELLED", "", "the connection was closed from this side"))
        if self._transport is not None:
            self._transport.abort()

    def _write(self, data: bytes) -> None:
        if self.lost is None:
            self._transport.write(data)

    def _rouse(self) -> None:
        while self._writable:
            waiter = self._writable.popleft()
            if not waiter.done():
                waiter.set_result(None)

    def _fail(self, error: StatusError) -> None:
        if self.lost is None:
            self.lost = error
        for exchange in list(self._streams.values()):
            exchange.fail(error)
        self._rouse()

    # asyncio.Protocol.

    def connection_made(self, transport: Any) -> None:
        """Says hello in HTTP/2's way."""
        self._transport = transport
        settings = b"".join(
            name.to_bytes(2, "big") + value.to_bytes(4, "big")
            for name, value in ((2, 0), (4, WINDOW), (5, MAX_FRAME), (6, MAX_HEADERS))
        )
        transport.write(
            PREFACE + frame(SETTINGS, 0, 0, settings)
            + frame(WINDOW_UPDATE, 0, 0, NUMBER.pack(2 * WINDOW - DEFAULT_WINDOW))
        )  # fmt: skip

    def connection_lost(self, exc: Exception | None) -> None:
        """The end of everything."""
        self._fail(
            make_error(
                "UNAVAILABLE", "", f"the connection was lost: {exc or self._goodbye or 'closed by the other end'}"
            )
        )

    def eof_received(self) -> None:
        """The other end has closed its side: so does this one."""

    def pause_writing(self) -> None:
        """The socket's buffer is full."""
        self.paused = True

    def resume_writing(self) -> None:
        """It is not any more."""
        self.paused, self._owed = False, 0
        self._rouse()
