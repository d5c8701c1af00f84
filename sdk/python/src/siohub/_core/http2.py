"""HTTP/2 as a client of gRPC needs it (RFC 9113), on an event loop's own sockets.

grpc.aio moves each message through threads of its own: on the machine where it was measured,
280 us of a process's CPU for one envelope each way, several times what the handler, the JSON
and the protobuf of an event cost together, and where python-socketio needs 100 to 130 us for a
whole echo (bench/echo.sh with HUB_TRANSPORT=grpc and without). This is a protocol on the
application's loop. It needs no thread, so that it works beside gevent and eventlet and after a
fork as well. wire.py has both.
"""

from __future__ import annotations

import asyncio
import base64
import struct
from collections import deque
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from siohub.errors import StatusError

from . import hpack
from .status import CODES, make_error

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 5, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 1, 1, 4, 8, 32
MAX_FRAME = 1 << 20  # that the other end may send
WINDOW = 8 << 20  # bytes that the other end may send before they are read
DEFAULT_WINDOW = 65535
MAX_HEADERS = 64 << 10
CANCEL = 8

_head = struct.Struct(">BHBBI")  # length in 3 bytes, type, flags, stream
_number = struct.Struct(">I")
_message = struct.Struct(">BI")
_HTTP_CODES = {400: "INTERNAL", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "UNIMPLEMENTED",
               429: "UNAVAILABLE", 502: "UNAVAILABLE", 503: "UNAVAILABLE", 504: "UNAVAILABLE"}  # fmt: skip
_RESET_CODES = {7: "UNAVAILABLE", 8: "CANCELLED", 11: "RESOURCE_EXHAUSTED", 12: "PERMISSION_DENIED"}


def frame(kind: int, flags: int, stream: int, body: bytes = b"") -> bytes:
    """One frame."""
    size = len(body)
    return _head.pack(size >> 16, size & 0xFFFF, kind, flags, stream) + body


class Exchange:
    """One stream: a call, its messages and its end."""

    def __init__(self, connection: Connection, number: int, max_bytes: int) -> None:
        self._connection, self.number, self._max = connection, number, max_bytes
        self.messages: deque[bytes] = deque()
        self.error: StatusError | None = None
        self.details = b""  # grpc-status-details-bin
        self.ended = False
        self.window = connection.peer_window
        self.pending: deque[bytes] = deque()  # frames' bodies that wait for window
        self.closing = False  # this side ends behind what is pending
        self.sink: Callable[[bytes], None] | None = None  # gets messages as they come
        self.on_end: Callable[[], None] | None = None
        self._reader: asyncio.Future[None] | None = None
        self._buffer = bytearray()
        self._unread = 0
        self._status = 0

    async def read(self) -> bytes | None:
        """The next message; None at an end in order. Raises StatusError."""
        while not self.messages:
            if self.ended:
                if self.error is not None:
                    raise self.error
                return None
            self._reader = self._connection.loop.create_future()
            await self._reader
        return self.messages.popleft()

    def send(self, message: bytes) -> None:
        """Queues a message."""
        self._connection.send(self, _message.pack(0, len(message)) + message)

    async def drained(self) -> None:
        """Waits while more is queued than the connection takes."""
        while not self.ended and (self.pending or self._connection.paused):
            await self._connection.writable()

    def finish(self) -> None:
        """Ends this side."""
        self.closing = True
        self._connection.pump(self)

    def fail(self, error: StatusError | None) -> None:
        """The end."""
        if self.ended:
            return
        self.ended, self.error = True, error
        self.pending.clear()
        self._wake()
        if self.on_end is not None:
            self.on_end()
        self._connection.forget(self)

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def data(self, body: bytes) -> None:
        """Bytes of messages have come."""
        buffer = self._buffer
        buffer += body
        at = 0
        while len(buffer) - at >= 5:
            compressed, size = _message.unpack_from(buffer, at)
            if compressed or size > self._max:
                what = "compressed" if compressed else f"larger than {self._max} bytes"
                self._connection.reset(self, make_error("RESOURCE_EXHAUSTED", "", f"a message is {what}"))
                return
            if len(buffer) - at - 5 < size:
                break
            message = bytes(buffer[at + 5 : at + 5 + size])
            at += 5 + size
            if self.sink is not None:
                self.sink(message)
            else:
                self.messages.append(message)
        if at:
            del buffer[:at]
            self._wake()
        self._unread += len(body)
        if self._unread >= WINDOW // 2 and not self.ended:
            self._connection.grant(self.number, self._unread)
            self._unread = 0

    def headers(self, found: list[tuple[bytes, bytes]], last: bool) -> None:
        """Headers or trailers have come."""
        fields = dict(found)
        if b":status" in fields:
            self._status = int(fields[b":status"])
        if b"grpc-status" in fields:
            number = int(fields[b"grpc-status"])
            raw = fields.get(b"grpc-status-details-bin", b"")
            self.details = base64.b64decode(raw + b"=" * (-len(raw) % 4)) if raw else b""
            text = unquote(fields.get(b"grpc-message", b"").decode("latin-1"), errors="replace")
            self.fail(None if number == 0 else self._said() or make_error(CODES.get(number, "UNKNOWN"), "", text))
        elif self._status and self._status != 200:
            text = f"unexpected HTTP status code {self._status}"
            self.fail(make_error(_HTTP_CODES.get(self._status, "UNKNOWN"), "", text))
        elif last:
            self.fail(make_error("UNKNOWN", "", "the stream ended without a status"))

    def _said(self) -> StatusError | None:
        from .wire import detail

        return detail(self.details) if self.details else None


class Connection(asyncio.Protocol):
    """One connection, with as many streams as are opened. Broken, it fails them all."""

    def __init__(self, loop: asyncio.AbstractEventLoop, authority: str, secure: bool, max_bytes: int) -> None:
        self.loop, self.paused = loop, False
        self.peer_window = DEFAULT_WINDOW
        self._authority, self._secure, self._max = authority, secure, max_bytes
        self._transport: Any = None
        self._buffer = bytearray()
        self._streams: dict[int, Exchange] = {}
        self._next = 1
        self._window = DEFAULT_WINDOW  # of the connection, to send
        self._max_frame = 16384
        self._unread = 0
        self._decoder = hpack.Decoder()
        self._block: tuple[int, int, bytearray] | None = None  # stream, flags, what came of its headers
        self._writable: deque[asyncio.Future[None]] = deque()
        self._greeted = False
        self.lost: StatusError | None = None

    # Calls.

    def open(self, path: str, metadata: list[tuple[str, str]]) -> Exchange:
        """Begins a call."""
        exchange = Exchange(self, self._next, self._max)
        self._next += 2
        if self.lost is not None:
            exchange.fail(self.lost)
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

    def send(self, exchange: Exchange, body: bytes) -> None:
        """Sends bytes of a stream, as soon as its window allows."""
        if exchange.ended:
            return
        size = len(body)
        if not exchange.pending and size <= self._max_frame and size <= self._window and size <= exchange.window:
            self._window -= size
            exchange.window -= size
            self._write(frame(DATA, 0, exchange.number, body))
            return
        exchange.pending.append(body)
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
            self._write(frame(RST_STREAM, 0, exchange.number, _number.pack(CANCEL)))
            exchange.fail(error)

    def forget(self, exchange: Exchange) -> None:
        """A stream has ended."""
        self._streams.pop(exchange.number, None)
        self._rouse()

    def grant(self, stream: int, size: int) -> None:
        """Lets the other end send more."""
        self._write(frame(WINDOW_UPDATE, 0, stream, _number.pack(size)))

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
        settings = struct.pack(">HIHIHI", 2, 0, 4, WINDOW, 5, MAX_FRAME)
        transport.write(
            PREFACE + frame(SETTINGS, 0, 0, settings)
            + frame(WINDOW_UPDATE, 0, 0, _number.pack(2 * WINDOW - DEFAULT_WINDOW))
        )  # fmt: skip

    def connection_lost(self, exc: Exception | None) -> None:
        """The end of everything."""
        self._fail(make_error("UNAVAILABLE", "", f"the connection was lost: {exc or 'closed by the other end'}"))

    def eof_received(self) -> None:
        """The other end has closed its side: so does this one."""

    def pause_writing(self) -> None:
        """The socket's buffer is full."""
        self.paused = True

    def resume_writing(self) -> None:
        """It is not any more."""
        self.paused = False
        self._rouse()

    def data_received(self, data: bytes) -> None:
        """Reads frames."""
        buffer = self._buffer
        buffer += data
        if not self._greeted:
            if buffer.startswith(b"HTTP/1."[: len(buffer)]):
                self._broken("UNAVAILABLE", "the first bytes looked like an HTTP/1.1 header")
                return
            self._greeted = len(buffer) >= 9
        at = 0
        while len(buffer) - at >= 9 and self.lost is None:
            high, low, kind, flags, stream = _head.unpack_from(buffer, at)
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
            except (hpack.HeaderError, struct.error, ValueError, IndexError) as err:
                self._broken("INTERNAL", f"a frame cannot be read: {err}")
                return
        if at:
            del buffer[:at]

    def _broken(self, code: str, text: str) -> None:
        self._fail(make_error(code, "", text))
        self._transport.abort()

    def _frame(self, kind: int, flags: int, number: int, body: bytes) -> None:
        if self._block is not None and kind != CONTINUATION:
            raise ValueError("headers are cut off")
        if kind == DATA:
            self._unread += len(body)
            if self._unread >= WINDOW:
                self.grant(0, self._unread)
                self._unread = 0
            exchange = self._streams.get(number)
            if exchange is not None:
                exchange.data(_unpadded(flags, body))
                if flags & END_STREAM:
                    exchange.headers([], True)
        elif kind == HEADERS:
            body = _unpadded(flags, body)
            self._headers(number, flags, bytearray(body[5:] if flags & PRIORITY else body))
        elif kind == CONTINUATION:
            if self._block is None or self._block[0] != number:
                raise ValueError("CONTINUATION of nothing")
            _, first, block = self._block
            self._headers(number, first | flags & END_HEADERS, block + body)
        elif kind == WINDOW_UPDATE:
            self._granted(number, _number.unpack(body)[0] & 0x7FFFFFFF)
        elif kind == PING:
            if not flags & ACK:
                self._write(frame(PING, ACK, 0, body))
        elif kind == SETTINGS:
            if not flags & ACK:
                self._settings(body)
        elif kind == RST_STREAM:
            exchange = self._streams.get(number)
            if exchange is not None:
                code = _number.unpack(body)[0]
                exchange.fail(make_error(_RESET_CODES.get(code, "INTERNAL"), "", f"the stream was reset with code {code}"))
        elif kind == GOAWAY:
            last = _number.unpack_from(body)[0] & 0x7FFFFFFF
            for exchange in [e for n, e in self._streams.items() if n > last]:
                exchange.fail(make_error("UNAVAILABLE", "", "the hub takes no more calls on this connection"))
        elif kind == PUSH_PROMISE:
            raise ValueError("PUSH_PROMISE was not allowed")

    def _headers(self, number: int, flags: int, block: bytearray) -> None:
        if len(block) > MAX_HEADERS:
            raise ValueError("too many headers")
        if not flags & END_HEADERS:
            self._block = (number, flags, block)
            return
        self._block = None
        found = self._decoder.decode(bytes(block))  # of streams that have ended too: it has a state
        exchange = self._streams.get(number)
        if exchange is not None:
            exchange.headers(found, bool(flags & END_STREAM))

    def _granted(self, number: int, size: int) -> None:
        if number == 0:
            self._window += size
            for exchange in list(self._streams.values()):
                self.pump(exchange)
            return
        found = self._streams.get(number)
        if found is not None:
            found.window += size
            self.pump(found)

    def _settings(self, body: bytes) -> None:
        for name, value in struct.iter_unpack(">HI", body):
            if name == 4:
                change, self.peer_window = value - self.peer_window, value
                for exchange in list(self._streams.values()):
                    exchange.window += change
                    self.pump(exchange)
            elif name == 5:
                self._max_frame = min(max(value, 16384), MAX_FRAME)
        self._write(frame(SETTINGS, ACK, 0))


def _unpadded(flags: int, body: bytes) -> bytes:
    if not flags & PADDED:
        return body
    if body[0] >= len(body):
        raise ValueError("more padding than there is")
    return body[1 : len(body) - body[0]]
