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
    ACK,
    CANCEL,
    CONTINUATION,
    DATA,
    DEFAULT_FRAME,
    DEFAULT_WINDOW,
    END_HEADERS,
    END_STREAM,
    ENHANCE_YOUR_CALM,
    GOAWAY,
    HEAD,
    HEADERS,
    MAX_FRAME,
    MAX_HEADERS,
    MAX_OWED,
    MAX_PARTS,
    MESSAGE,
    MOST_WINDOW,
    NUMBER,
    PING,
    PREFACE,
    PRIORITY,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    WINDOW,
    WINDOW_UPDATE,
    frame,
    read_settings,
    unpadded,
)
from .status import make_error

_RESET_CODES = {7: "UNAVAILABLE", 8: "CANCELLED", 11: "RESOURCE_EXHAUSTED", 12: "PERMISSION_DENIED"}


class Connection(asyncio.Protocol):
    """One connection, with as many streams as are opened. Broken, it fails them all: by what is
    no HTTP/2, and by more than the bounds of frames.py."""

    def __init__(self, loop: asyncio.AbstractEventLoop, authority: str, secure: bool, max_bytes: int) -> None:
        self.loop, self.paused = loop, False
        self.peer_window = DEFAULT_WINDOW
        self._authority, self._secure, self._max = authority, secure, max_bytes
        self._transport: Any = None
        self._buffer = bytearray()
        self._streams: dict[int, Exchange] = {}
        self._next = 1
        self._window = DEFAULT_WINDOW  # of the connection, to send
        self._max_frame = DEFAULT_FRAME
        self._unread = 0  # bytes that were read since the last grant
        self._decoder = hpack.Decoder()
        self._block: tuple[int, int, bytearray] | None = None  # stream, flags, what came of its headers
        self._parts = 0  # frames of the block
        self._owed = 0  # answers since the other end has stopped to read
        self._goodbye = ""  # what it said when it went away
        self._writable: deque[asyncio.Future[None]] = deque()
        self._greeted = False
        self.lost: StatusError | None = None

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
        self._fail(make_error("UNAVAILABLE", "", f"the connection was lost: {exc or self._goodbye or 'closed by the other end'}"))

    def eof_received(self) -> None:
        """The other end has closed its side: so does this one."""

    def pause_writing(self) -> None:
        """The socket's buffer is full."""
        self.paused = True

    def resume_writing(self) -> None:
        """It is not any more."""
        self.paused, self._owed = False, 0
        self._rouse()

    def data_received(self, data: bytes) -> None:
        """Reads frames."""
        if self.lost is not None:
            return
        buffer = self._buffer
        if not buffer and self._greeted and self._block is None and self._alone(data):
            return
        buffer += data
        if not self._greeted and not self._greet():
            return
        at = 0
        while len(buffer) - at >= 9 and self.lost is None:
            high, low, kind, flags, stream = HEAD.unpack_from(buffer, at)
            size = high << 16 | low
            if size > MAX_FRAME:
                self._broken("INTERNAL", "a frame is too large")
                return
            if len(buffer) - at - 9 < size:
                break
            body = bytes(buffer[at + 9 : at + 9 + size])
            at += 9 + size
            try:
                self._frame(kind, flags, stream & 0x7FFFFFFF, body)
            except (hpack.HeaderError, ValueError) as err:
                self._broken("INTERNAL", f"a frame cannot be read: {err}")
                return
        if at:
            del buffer[:at]

    def _alone(self, data: bytes) -> bool:
        """Takes a whole DATA frame that came alone, as an event does that comes alone. False for
        anything else."""
        size = len(data) - 9
        if size < 0 or data[3] != DATA or data[4] or int.from_bytes(data[:3], "big") != size or size > MAX_FRAME:
            return False
        try:
            self._data(int.from_bytes(data[5:9], "big") & MOST_WINDOW, 0, data[9:])
        except ValueError as err:
            self._broken("INTERNAL", f"a frame cannot be read: {err}")
        return True

    def _greet(self) -> bool:
        """Whether the first bytes are HTTP/2: SETTINGS come before anything else."""
        buffer = self._buffer
        if buffer.startswith(b"HTTP/1."[: len(buffer)]):
            self._broken("UNAVAILABLE", "the first bytes looked like an HTTP/1.1 header")
        elif len(buffer) >= 9:
            self._greeted = buffer[3] == SETTINGS and not buffer[4] & ACK
            if not self._greeted:
                self._broken("UNAVAILABLE", "the first bytes are no HTTP/2")
        return self._greeted

    def _broken(self, code: str, text: str) -> None:
        self._fail(make_error(code, "", text))
        self._buffer.clear()
        self._transport.abort()

    def _frame(self, kind: int, flags: int, number: int, body: bytes) -> None:
        if self._block is not None and kind != CONTINUATION:
            raise ValueError("headers are cut off")
        if kind == DATA:
            self._data(number, flags, body)
        elif kind == HEADERS:
            body = unpadded(flags, body)
            self._parts = 0
            self._headers(number, flags, bytearray(body[5:] if flags & PRIORITY else body))
        elif kind == CONTINUATION:
            if self._block is None or self._block[0] != number:
                raise ValueError("CONTINUATION of nothing")
            _, first, block = self._block
            block += body
            self._headers(number, first | flags & END_HEADERS, block)
        elif kind == WINDOW_UPDATE:
            self._more(number, _number(body, 4) & MOST_WINDOW)
        elif kind == PING:
            if len(body) != 8:
                raise ValueError(f"PING of {len(body)} bytes")
            if not flags & ACK:
                self._answer(frame(PING, ACK, 0, body))
        elif kind == SETTINGS:
            if not flags & ACK:
                self._settings(body)
        elif kind == RST_STREAM:
            code = _number(body, 4)
            exchange = self._streams.get(number)
            if exchange is not None:
                exchange.fail(make_error(_RESET_CODES.get(code, "INTERNAL"), "", f"the stream was reset with code {code}"))
        elif kind == GOAWAY:
            self._leaving(body)
        elif kind == PUSH_PROMISE:
            raise ValueError("PUSH_PROMISE was not allowed")

    def _answer(self, data: bytes) -> None:
        """Answers a frame, unless too many answers wait for an end that does not read."""
        if self.paused:
            self._owed += 1
            if self._owed > MAX_OWED:
                raise ValueError("the other end asks and does not read the answers")
        self._write(data)

    def _data(self, number: int, flags: int, body: bytes) -> None:
        self._unread += len(body)  # streams have windows of their own: nothing is held back here
        if self._unread >= WINDOW:
            self.grant(0, self._unread)
            self._unread = 0
        exchange = self._streams.get(number)
        if exchange is not None:
            exchange.data(unpadded(flags, body) if flags else body, len(body))
            if flags & END_STREAM:
                exchange.headers([], True)

    def _headers(self, number: int, flags: int, block: bytearray) -> None:
        self._parts += 1
        if len(block) > MAX_HEADERS or self._parts > MAX_PARTS:
            raise ValueError("too many headers")
        if not flags & END_HEADERS:
            self._block = (number, flags, block)
            return
        self._block = None
        found = self._decoder.decode(bytes(block))  # of streams that have ended too: it has a state
        exchange = self._streams.get(number)
        if exchange is not None:
            exchange.headers(found, bool(flags & END_STREAM))

    def _more(self, number: int, size: int) -> None:
        """The other end takes more."""
        if size == 0:
            raise ValueError("WINDOW_UPDATE of nothing")
        found = self._streams.get(number)
        if number == 0:
            self._window += size
        elif found is not None:
            found.window += size
        if self._window > MOST_WINDOW or (found is not None and found.window > MOST_WINDOW):
            raise ValueError("a window is too large")
        for exchange in list(self._streams.values()) if number == 0 else [found] if found is not None else ():
            self.pump(exchange)

    def _settings(self, body: bytes) -> None:
        for name, value in read_settings(body):
            if name == 4:
                change, self.peer_window = value - self.peer_window, value
                for exchange in list(self._streams.values()):
                    exchange.window += change
                    self.pump(exchange)
            elif name == 5:
                self._max_frame = min(max(value, DEFAULT_FRAME), MAX_FRAME)
        self._answer(frame(SETTINGS, ACK, 0))

    def _leaving(self, body: bytes) -> None:
        """The other end takes no more calls; those that it has go on."""
        last, code = _number(body[:4], 4) & MOST_WINDOW, _number(body[4:8], 4)
        text = body[8:264].decode("utf-8", "replace")
        self._goodbye = "the hub takes no more calls on this connection" + (f": {text}" if text else "")
        if code:
            self._goodbye += f" (code {code})"
        error = make_error("RESOURCE_EXHAUSTED" if code == ENHANCE_YOUR_CALM else "UNAVAILABLE", "", self._goodbye)
        for exchange in [e for n, e in self._streams.items() if n > last]:
            exchange.fail(error)


def _number(body: bytes, size: int) -> int:
    if len(body) != size:
        raise ValueError(f"a number of {len(body)} bytes")
    return int.from_bytes(body, "big")
