"""Frames of HTTP/2 (RFC 9113), and the bounds on what the other end of a connection may send."""

from __future__ import annotations

import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 5, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 1, 1, 4, 8, 32
DEFAULT_WINDOW, DEFAULT_FRAME = 65535, 16384
MOST_WINDOW = (1 << 31) - 1
CANCEL, ENHANCE_YOUR_CALM = 8, 11

MAX_FRAME = 1 << 20  # bytes
WINDOW = 8 << 20  # bytes of a stream that may be under way; twice as many of the connection
MAX_HEADERS = 64 << 10  # bytes of a header block, packed and unpacked
MAX_PARTS = 64  # frames of a header block
MAX_SETTINGS = 64  # in a frame
MAX_OWED = 1024  # answers to PING and SETTINGS that the other end does not read

HEAD = struct.Struct(">BHBBI")  # length in 3 bytes, type, flags, stream
NUMBER = struct.Struct(">I")
MESSAGE = struct.Struct(">BI")


def frame(kind: int, flags: int, stream: int, body: bytes = b"") -> bytes:
    """One frame."""
    size = len(body)
    return HEAD.pack(size >> 16, size & 0xFFFF, kind, flags, stream) + body


def unpadded(flags: int, body: bytes) -> bytes:
    """The body of a DATA or HEADERS frame. Raises ValueError."""
    if not flags & PADDED:
        return body
    if not body or body[0] >= len(body):
        raise ValueError("more padding than there is")
    return body[1 : len(body) - body[0]]


def read_settings(body: bytes) -> list[tuple[int, int]]:
    """The pairs of a SETTINGS frame. Raises ValueError."""
    if len(body) % 6 or len(body) > 6 * MAX_SETTINGS:
        raise ValueError(f"SETTINGS of {len(body)} bytes")
    found = list(struct.iter_unpack(">HI", body))
    if any(name == 4 and value > MOST_WINDOW for name, value in found):
        raise ValueError("a window is too large")
    return found
