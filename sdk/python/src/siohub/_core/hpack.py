"""Header compression of HTTP/2 (RFC 7541): reading all of it, writing the plainest form."""

from __future__ import annotations

from collections import deque

# Appendix A. A name without a value has none.
STATIC: list[tuple[bytes, bytes]] = [
    (name, value)
    for name, _, value in (
        entry.partition(b"=")
        for entry in (
            b":authority|:method=GET|:method=POST|:path=/|:path=/index.html|:scheme=http|:scheme=https|:status=200"
            b"|:status=204|:status=206|:status=304|:status=400|:status=404|:status=500|accept-charset"
            b"|accept-encoding=gzip, deflate|accept-language|accept-ranges|accept|access-control-allow-origin|age|allow"
            b"|authorization|cache-control|content-disposition|content-encoding|content-language|content-length"
            b"|content-location|content-range|content-type|cookie|date|etag|expect|expires|from|host|if-match"
            b"|if-modified-since|if-none-match|if-range|if-unmodified-since|last-modified|link|location|max-forwards"
            b"|proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|server|set-cookie"
            b"|strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate"
        ).split(b"|")
    )
]

# Appendix B: the length in bits of each symbol's code, as characters from "<" on. The code is
# canonical, so that the lengths say it all.
_LENGTHS = (
    b"ISXXXXXXXTZXXZXXXXXXXXZXXXXXXXXXBFFHIBDGFFDGDBBBAAABBBBBBBCDKBHFIBCCCCCCCCCCCCCCCCCCCCCCDCDIOIJBKABABABBBACCBBBABCBA"
    b"ABCCCCCKGJIXPRPPRRRSRSSSSSTSTTRSTSSSSQRSRSSTRQPRRSSQSRRTQRSSQQRQSRSSPRRRSRRSVVPORSRUVVVWWVTUOQVWWVWTQQVVXWWWPTPQRQQ"
    b"SRRUUTTVSVWVVWWWWWXWWWWWV"
)


def _codes() -> dict[tuple[int, int], int]:
    """Symbols by length and code."""
    lengths = [c - 60 for c in _LENGTHS]
    code, before, table = 0, 0, {}
    for length, symbol in sorted((length, symbol) for symbol, length in enumerate(lengths)):
        code <<= length - before
        before = length
        table[length, code] = symbol
        code += 1
    return table


_SYMBOLS = _codes()


class HeaderError(Exception):
    """The bytes are no header block."""


def unhuffman(raw: bytes) -> bytes:
    """Decodes a string."""
    out = bytearray()
    code = length = 0
    for byte in raw:
        for bit in range(7, -1, -1):
            code = code << 1 | byte >> bit & 1
            length += 1
            symbol = _SYMBOLS.get((length, code))
            if symbol is not None:
                out.append(symbol)
                code = length = 0
            elif length > 30:
                raise HeaderError("not a Huffman code")
    if length > 7 or code != (1 << length) - 1:
        raise HeaderError("wrong padding")
    return bytes(out)


MAX_LIST = 64 << 10  # bytes of a block that is unpacked, with 32 for each header (RFC 7541, 4.1)


class Decoder:
    """The state of one direction of a connection. A block may say by one byte what takes 4 KiB:
    what it unpacks to is bounded as well."""

    def __init__(self, size: int = 4096) -> None:
        self._limit = self._most = size
        self._table: deque[tuple[bytes, bytes]] = deque()
        self._bytes = 0

    def decode(self, block: bytes) -> list[tuple[bytes, bytes]]:
        """The headers of a block. Raises HeaderError."""
        headers: list[tuple[bytes, bytes]] = []
        at = total = 0
        try:
            while at < len(block):
                first = block[at]
                if total > MAX_LIST:
                    raise HeaderError("too many headers")
                if first & 0x80:
                    index, at = _integer(block, at, 7)
                    headers.append(self._entry(index))
                    total += _size(headers[-1])
                elif first & 0xE0 == 0x20:
                    size, at = _integer(block, at, 5)
                    if headers:
                        raise HeaderError("a new size behind a header")
                    if size > self._most:
                        raise HeaderError("the table is too large")
                    self._limit = size
                    self._evict()
                else:
                    keep = bool(first & 0x40)
                    index, at = _integer(block, at, 6 if keep else 4)
                    if index:
                        name = self._entry(index)[0]
                    else:
                        name, at = _string(block, at)
                    value, at = _string(block, at)
                    headers.append((name, value))
                    total += _size(headers[-1])
                    if keep:
                        self._table.appendleft(headers[-1])
                        self._bytes += _size(headers[-1])
                        self._evict()
        except IndexError:
            raise HeaderError("the block ends too early") from None
        return headers

    def _entry(self, index: int) -> tuple[bytes, bytes]:
        if index == 0:
            raise HeaderError("no such entry")
        return STATIC[index - 1] if index <= len(STATIC) else self._table[index - len(STATIC) - 1]

    def _evict(self) -> None:
        while self._bytes > self._limit and self._table:
            self._bytes -= _size(self._table.pop())


def _size(header: tuple[bytes, bytes]) -> int:
    return len(header[0]) + len(header[1]) + 32


def _integer(raw: bytes, at: int, bits: int) -> tuple[int, int]:
    top = (1 << bits) - 1
    value = raw[at] & top
    at += 1
    if value < top:
        return value, at
    shift = 0
    while True:
        byte = raw[at]
        at += 1
        value += (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at
        if shift > 28:
            raise HeaderError("a number is too large")


def _string(raw: bytes, at: int) -> tuple[bytes, int]:
    coded = raw[at] & 0x80
    size, at = _integer(raw, at, 7)
    if at + size > len(raw):
        raise HeaderError("a string ends too early")
    text = bytes(raw[at : at + size])
    return (unhuffman(text) if coded else text), at + size


def encode(headers: list[tuple[bytes, bytes]]) -> bytes:
    """A block of literals that no table keeps."""
    out = bytearray()
    for name, value in headers:
        out += b"\x10" if name == b"authorization" else b"\x00"  # the first is never kept by anybody
        for text in (name, value):
            out += _length(len(text)) + text
    return bytes(out)


def _length(size: int) -> bytes:
    if size < 127:
        return bytes([size])
    out = bytearray([127])
    size -= 127
    while size > 127:
        out.append(size & 0x7F | 0x80)
        size >>= 7
    out.append(size)
    return bytes(out)
