"""HTTP/2 and its header compression: in order, and from an end that means no good."""

from __future__ import annotations

import asyncio

import pytest

from siohub._core import hpack, http2
from siohub._core.frames import (
    CONTINUATION,
    DATA,
    GOAWAY,
    HEADERS,
    PING,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    WINDOW,
    WINDOW_UPDATE,
    frame,
)

# RFC 7541, appendix C.4 and C.6.


def test_header_blocks_of_the_rfc() -> None:
    decoder = hpack.Decoder()
    first = bytes.fromhex("828684418cf1e3c2e5f23a6ba0ab90f4ff")
    assert decoder.decode(first) == [
        (b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/"), (b":authority", b"www.example.com"),
    ]  # fmt: skip
    second = bytes.fromhex("828684be5886a8eb10649cbf")
    assert decoder.decode(second)[3:] == [(b":authority", b"www.example.com"), (b"cache-control", b"no-cache")]
    small = hpack.Decoder(256)
    block = bytes.fromhex(
        "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3"
    )
    assert small.decode(block)[0] == (b":status", b"302")
    assert small.decode(bytes.fromhex("4883640effc1c0bf"))[0] == (b":status", b"307")


@pytest.mark.parametrize(
    "block", [b"\x80", b"\xff\xff\xff\xff\xff\xff", b"\x00\x05a", b"\x3f\xff\xff\x7f", b"\x00\x81\x00\x00", b"\xbe"]
)
def test_wrong_header_blocks_are_an_error(block: bytes) -> None:
    with pytest.raises(hpack.HeaderError):
        hpack.Decoder().decode(block)


class Pipe:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.written = bytearray()
        self.aborted = self.closed = False

    def write(self, data: bytes) -> None:
        self.written += data

    def abort(self) -> None:
        self.aborted = True

    def close(self) -> None:
        self.closed = True


async def connection(max_bytes: int = 1 << 20) -> tuple[http2.Connection, Pipe]:
    made, pipe = http2.Connection(asyncio.get_running_loop(), "hub", False, max_bytes), Pipe()
    made.connection_made(pipe)
    made.data_received(frame(SETTINGS, 0, 0))
    pipe.written.clear()
    return made, pipe


async def test_a_message_in_pieces_and_an_end() -> None:
    made, _ = await connection()
    call = made.open("/x", [])
    made.data_received(frame(HEADERS, 4, 1, b"\x88"))
    body = b"\0\0\0\0\x05hello\0\0\0\0\0"
    for byte in body[:4]:
        made.data_received(frame(DATA, 0, 1, bytes([byte])))
    made.data_received(frame(DATA, 8, 1, b"\x02" + body[4:] + b"pp"))
    assert await call.read() == b"hello" and await call.read() == b""
    trailers = hpack.encode([(b"grpc-status", b"14"), (b"grpc-message", b"gone%20away")])
    made.data_received(frame(HEADERS, 4 | 1, 1, trailers))
    with pytest.raises(ConnectionError, match="gone away"):
        await call.read()


async def test_windows_hold_back_what_is_sent() -> None:
    made, pipe = await connection()
    call = made.open("/x", [])
    pipe.written.clear()
    call.send(b"x" * 100_000)
    assert 65_535 <= len(pipe.written) < 66_000 and call.pending
    made.data_received(frame(WINDOW_UPDATE, 0, 0, (50_000).to_bytes(4, "big")))
    made.data_received(frame(WINDOW_UPDATE, 0, 1, (50_000).to_bytes(4, "big")))
    assert not call.pending and len(pipe.written) > 100_005


@pytest.mark.parametrize(
    "data", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"HTTP", frame(PING, 0, 0, bytes(8)), b"\0\0\0\4\1\0\0\0\0"]
)
async def test_who_does_not_speak_http2(data: bytes) -> None:
    made, pipe = http2.Connection(asyncio.get_running_loop(), "hub", False, 10), Pipe()
    made.connection_made(pipe)
    call = made.open("/x", [])
    made.data_received(data)
    assert pipe.aborted and call.error is not None and "first bytes" in call.error.message


def block(*headers: tuple[bytes, bytes]) -> bytes:
    return frame(HEADERS, 4, 1, hpack.encode(list(headers)))


@pytest.mark.parametrize(
    "data",
    [
        b"\xff" * 9,
        frame(PING, 0, 0, b"1234567"),
        frame(PING, 0, 0, bytes(1 << 20)),
        frame(DATA, 8, 1, b""),
        frame(RST_STREAM, 0, 1, b""),
        frame(GOAWAY, 0, 0, bytes(7)),
        frame(SETTINGS, 0, 0, b"12345"),
        frame(SETTINGS, 0, 0, bytes(6 * 1000)),
        frame(SETTINGS, 0, 0, b"\0\4\xff\xff\xff\xff"),
        frame(WINDOW_UPDATE, 0, 0, bytes(4)),
        frame(WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff") * 2,
        frame(WINDOW_UPDATE, 0, 1, b"\x7f\xff\xff\xff") * 2,
        frame(HEADERS, 0, 1, b"\x88") + frame(CONTINUATION, 0, 1, b"") * 10_000,
        frame(HEADERS, 0, 1, b"\x88") + frame(CONTINUATION, 0, 1, bytes(16384)) * 5,
        frame(HEADERS, 0, 1, b"\x88") + frame(CONTINUATION, 4, 3, b""),
        frame(HEADERS, 4, 1, b"\x40\x01a\x7f\xb1\x1e" + bytes(4000) + b"\xbe" * 60_000),
        block((b":status", b"ok")),
        block((b":status", b"200"), (b"grpc-status", b"no")),
        frame(HEADERS, 4, 1, b"\xff\xff\xff"),
        frame(CONTINUATION, 4, 1, b""),
        frame(HEADERS, 0, 1, b"") + frame(PING, 0, 0, b"12345678"),
        frame(DATA, 8, 1, b"\x09a"),
        frame(WINDOW_UPDATE, 0, 0, b"1"),
        frame(PUSH_PROMISE, 4, 1, b"\0\0\0\x02"),
    ],
)
async def test_what_is_no_http2_ends_the_connection(data: bytes) -> None:
    made, pipe = await connection()
    call = made.open("/x", [])
    made.data_received(data)
    assert pipe.aborted and call.ended and call.error is not None


async def test_a_message_that_is_too_large_ends_its_call_alone() -> None:
    made, pipe = await connection(10)
    call = made.open("/x", [])
    made.data_received(frame(DATA, 0, 1, b"\0\0\0\0\x0b"))
    assert call.error is not None and call.error.code == "RESOURCE_EXHAUSTED" and not pipe.aborted


async def test_answers_that_nobody_reads_are_bounded() -> None:
    made, pipe = await connection()
    call = made.open("/x", [])
    for _ in range(10_000):  # as many as are read
        made.data_received(frame(PING, 0, 0, bytes(8)))
    made.pause_writing()
    pipe.written.clear()
    for _ in range(10_000):
        made.data_received(frame(PING, 0, 0, bytes(8)) + frame(SETTINGS, 0, 0))
    assert pipe.aborted and call.error is not None and len(pipe.written) < 20_000


@pytest.mark.parametrize("details", [b"A", b"!", b"////", b"GgH/"])
async def test_details_that_are_none_leave_the_error(details: bytes) -> None:
    made, pipe = await connection()
    call = made.open("/x", [])
    made.data_received(
        block(
            (b":status", b"200"),
            (b"grpc-status", b"5"),
            (b"grpc-message", b"%zz"),
            (b"grpc-status-details-bin", details),
        )
    )
    assert call.error is not None and call.error.code == "NOT_FOUND" and not pipe.aborted


async def test_a_reader_that_is_slow_grants_no_more_than_a_window() -> None:
    made, pipe = await connection()
    call = made.open("/x", [])
    message = bytes(1 << 19)
    data = frame(DATA, 0, 1, (0).to_bytes(1, "big") + len(message).to_bytes(4, "big") + message)
    sent = 0
    while not pipe.aborted and sent < 100:
        made.data_received(data)
        sent += 1
    assert pipe.aborted and sent * len(message) <= 2 * WINDOW, "who sends on without a grant is cut off"
    made, pipe = await connection()
    call = made.open("/x", [])
    for _ in range(100):
        made.data_received(data)
        assert await call.read() == message
    assert not pipe.aborted and not call.ended


async def test_padding_counts_as_data() -> None:
    made, pipe = await connection()
    call = made.open("/x", [])
    pipe.written.clear()
    padded = frame(DATA, 8, 1, b"\xff" + bytes(255))
    for _ in range(WINDOW // 256):
        made.data_received(padded)
    assert frame(WINDOW_UPDATE, 0, 1)[3:] in pipe.written and not call.ended


async def test_who_goes_away_says_why() -> None:
    made, pipe = await connection()
    kept, late = made.open("/x", []), made.open("/y", [])
    body = (1).to_bytes(4, "big") + (11).to_bytes(4, "big") + b"too_many_pings"
    made.data_received(frame(GOAWAY, 0, 0, body))
    assert late.error is not None and "too_many_pings" in late.error.message and not kept.ended
    again = made.open("/z", [])
    assert again.error is not None and again.error.code == "UNAVAILABLE"
    assert not pipe.closed and not made.usable
    kept.headers([(b"grpc-status", b"0")], True)
    assert pipe.closed, "with the last call"
    other, _ = await connection()
    kept = other.open("/x", [])
    other.data_received(frame(GOAWAY, 0, 0, body))
    other.connection_lost(None)
    assert kept.error is not None and "too_many_pings" in kept.error.message


async def test_random_bytes_never_raise() -> None:
    import random

    chance = random.Random(7541)
    for _ in range(3000):
        made, pipe = await connection()
        call = made.open("/x", [])
        for _ in range(8):
            body = chance.randbytes(chance.choice((0, 1, 4, 5, 8, 40)))
            made.data_received(
                frame(chance.randrange(11), chance.choice((0, 1, 4, 5, 8, 13, 255)), chance.choice((0, 1, 1, 2)), body)
            )
        assert call.ended or not pipe.aborted


def test_a_size_of_the_table_stands_at_the_begin_of_a_block() -> None:
    with pytest.raises(hpack.HeaderError):
        hpack.Decoder().decode(b"\x88\x20")


def test_a_table_forgets_beyond_its_size() -> None:
    decoder = hpack.Decoder(256)
    for n in range(1000):
        decoder.decode(b"\x40\x01a\x40" + n.to_bytes(4, "big") + bytes(60))
    assert decoder._bytes <= 256 and len(decoder._table) == 2
    decoder.decode(b"\x40\x01a\x7f\x81\x02" + bytes(384))
    assert not decoder._table, "what is larger than the table empties it"
