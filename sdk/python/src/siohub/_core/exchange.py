"""One stream of an HTTP/2 connection: a call, its messages and its end."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote

from siohub.errors import StatusError

from .details import header_detail
from .frames import MESSAGE, WINDOW
from .status import CODES, make_error

if TYPE_CHECKING:
    from .http2 import Connection

_HTTP_CODES = {400: "INTERNAL", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "UNIMPLEMENTED",
               429: "UNAVAILABLE", 502: "UNAVAILABLE", 503: "UNAVAILABLE", 504: "UNAVAILABLE"}  # fmt: skip


class Exchange:
    """See the module. What has come and is not read is bounded: beyond half a window the other
    end is not granted more."""

    def __init__(self, connection: Connection, number: int, max_bytes: int) -> None:
        self._connection, self.number, self._max = connection, number, max_bytes
        self.messages: deque[bytes] = deque()
        self.error: StatusError | None = None
        self.ended = False
        self.window = connection.peer_window
        self.pending: deque[bytes] = deque()  # frames' bodies that wait for window
        self.closing = False  # this side ends behind what is pending
        self.sink: Callable[[bytes], None] | None = None  # gets messages as they come
        self.on_end: Callable[[], None] | None = None
        self._reader: asyncio.Future[None] | None = None
        self._buffer = bytearray()
        self._held = 0  # bytes in messages
        self._granted = WINDOW  # bytes that the other end may still send
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
        return self.take()

    def take(self) -> bytes:
        """The next of the messages that have come."""
        message = self.messages.popleft()
        self._held -= len(message)
        self._grant()
        return message

    def send(self, message: bytes) -> None:
        """Queues a message."""
        self._connection.send(self, message)

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

    def _grant(self) -> None:
        if self._granted <= WINDOW // 2 and self._held <= WINDOW // 2 and not self.ended:
            self._connection.grant(self.number, WINDOW - self._granted)
            self._granted = WINDOW

    def data(self, body: bytes, size: int) -> None:
        """Bytes of messages have come, in a frame of this size. Raises ValueError for more than
        was granted."""
        self._granted -= size
        if self._granted < 0:
            raise ValueError("more data than the stream's window")
        buffer = self._buffer
        if not buffer and self._whole(body):
            return
        buffer += body
        at = 0
        while len(buffer) - at >= 5 and not self.ended:
            compressed, length = MESSAGE.unpack_from(buffer, at)
            if compressed or length > self._max:
                what = "compressed" if compressed else f"larger than {self._max} bytes"
                self._connection.reset(self, make_error("RESOURCE_EXHAUSTED", "", f"a message is {what}"))
                return
            if len(buffer) - at - 5 < length:
                break
            message = bytes(buffer[at + 5 : at + 5 + length])
            at += 5 + length
            if self.sink is not None:
                self.sink(message)
            else:
                self.messages.append(message)
                self._held += length
        if at:
            del buffer[:at]
            self._wake()
        self._grant()

    def _whole(self, body: bytes) -> bool:
        """Takes one message that came whole and alone. False for anything else."""
        if self.sink is None or self.ended or len(body) < 5 or body[0]:
            return False
        if int.from_bytes(body[1:5], "big") != len(body) - 5 or len(body) - 5 > self._max:
            return False
        self.sink(body[5:])
        self._grant()
        return True

    def headers(self, found: list[tuple[bytes, bytes]], last: bool) -> None:
        """Headers or trailers have come. Raises ValueError for what is none."""
        fields = dict(found)
        if b":status" in fields:
            self._status = int(fields[b":status"])
        if b"grpc-status" in fields:
            number = int(fields[b"grpc-status"])
            text = unquote(fields.get(b"grpc-message", b"").decode("latin-1"), errors="replace")
            said = header_detail(fields.get(b"grpc-status-details-bin", b""))
            self.fail(None if number == 0 else said or make_error(CODES.get(number, "UNKNOWN"), "", text))
        elif self._status and self._status != 200:
            text = f"unexpected HTTP status code {self._status}"
            self.fail(make_error(_HTTP_CODES.get(self._status, "UNKNOWN"), "", text))
        elif last:
            self.fail(make_error("UNKNOWN", "", "the stream ended without a status"))
