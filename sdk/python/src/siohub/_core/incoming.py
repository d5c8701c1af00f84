"""What comes over an HTTP/2 connection: frames, and what becomes of them."""

from __future__ import annotations

import asyncio
from typing import Any

from siohub.errors import StatusError

from . import hpack
from .exchange import Exchange
from .frames import (
    ACK,
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
    MOST_WINDOW,
    PING,
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


class Incoming(asyncio.Protocol):
    """The part of Connection that reads. What breaks the bounds of frames.py breaks the connection."""

    def __init__(self) -> None:
        self.paused = False
        self.peer_window = DEFAULT_WINDOW
        self._transport: Any = None
        self._buffer = bytearray()
        self._streams: dict[int, Exchange] = {}
        self._window = DEFAULT_WINDOW  # of the connection, to send
        self._max_frame = DEFAULT_FRAME
        self._unread = 0  # bytes that were read since the last grant
        self._decoder = hpack.Decoder()
        self._block: tuple[int, int, bytearray] | None = None  # stream, flags, what came of its headers
        self._parts = 0  # frames of the block
        self._owed = 0  # answers since the other end has stopped to read
        self._goodbye = ""  # what it said when it went away
        self._greeted = False
        self.lost: StatusError | None = None

    def pump(self, exchange: Exchange) -> None:
        """Sends what waits for window."""
        raise NotImplementedError

    def grant(self, stream: int, size: int) -> None:
        """Lets the other end send more."""
        raise NotImplementedError

    def _write(self, data: bytes) -> None:
        raise NotImplementedError

    def _fail(self, error: StatusError) -> None:
        raise NotImplementedError

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
                exchange.fail(
                    make_error(_RESET_CODES.get(code, "INTERNAL"), "", f"the stream was reset with code {code}")
                )
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
