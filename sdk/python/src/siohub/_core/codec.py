"""Arguments of events: JSON with binary anywhere, as Socket.IO carries it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .nojson import no_json

NOT_ENCODED = (TypeError, ValueError, RecursionError)


class Payload(NamedTuple):
    """An argument list as it travels: a JSON array, and the binary parts for which
    {"_placeholder":true,"num":N} stands in it. As the only argument of an emit or a reply
    it goes out byte for byte."""

    args: bytes = b""
    attachments: tuple[bytes, ...] = ()

    def values(self) -> list[Any]:
        """The arguments, decoded."""
        return decode(self.args, self.attachments)

    @property
    def size(self) -> int:
        """About how many bytes it has on the wire."""
        return len(self.args) + 16 + (sum(len(a) + 8 for a in self.attachments) if self.attachments else 0)


_SEPARATORS = (",", ":")
_compact: Callable[[Any], str] = json.JSONEncoder(separators=_SEPARATORS, allow_nan=False, ensure_ascii=False).encode
_scan: Any = json.JSONDecoder().scan_once  # type: ignore[attr-defined]


def _no_default(value: object) -> Any:
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _one_encoder() -> Callable[[Any], str] | None:
    """JSONEncoder.encode makes an encoder for each call, which costs more than small arguments
    themselves: this is one of them, kept. Without marks for cycles, which end by RecursionError.
    None for interpreters that have no such thing."""
    try:
        make: Any = json.encoder.c_make_encoder  # type: ignore[attr-defined]
        chunks = make(None, _no_default, json.encoder.encode_basestring, None, ":", ",", False, False, False)
        join = "".join
        if join(chunks([{"é": [1, None]}, "x"], 0)) == '[{"é":[1,null]},"x"]':
            return lambda value: join(chunks(value, 0))
    except Exception:
        pass
    return None


_compact = _one_encoder() or _compact
_escaped = json.JSONEncoder(separators=_SEPARATORS, allow_nan=False).encode


class _Collector(json.JSONEncoder):
    """An encoder that puts binary aside."""

    def __init__(self, ascii_only: bool) -> None:
        super().__init__(separators=_SEPARATORS, allow_nan=False, ensure_ascii=ascii_only)
        self.attachments: list[bytes] = []

    def default(self, o: object) -> object:
        if isinstance(o, (bytes, bytearray, memoryview)):
            self.attachments.append(bytes(o))
            return {"_placeholder": True, "num": len(self.attachments) - 1}
        return super().default(o)


def encode(args: Sequence[Any], field: str = "payload.args") -> Payload:
    """Encodes an argument list. Raises InvalidArgument or InvalidType (BAD_JSON) for NaN, cycles
    and what is no JSON, with the path behind `field`; half a surrogate pair goes out as its
    escape."""
    try:
        return Payload(_compact(args).encode())
    except UnicodeEncodeError:
        return Payload(_escaped(args).encode())
    except TypeError:
        pass  # perhaps for binary
    except (ValueError, RecursionError) as err:
        raise no_json(args, field, err) from None
    try:
        collector = _Collector(False)
        return Payload(collector.encode(args).encode(), tuple(collector.attachments))
    except UnicodeEncodeError:
        collector = _Collector(True)
        return Payload(collector.encode(args).encode(), tuple(collector.attachments))
    except NOT_ENCODED as err:
        raise no_json(args, field, err) from None


def encode_with(dumps: Callable[..., Any]) -> Callable[..., Payload]:
    """encode by an application's own `dumps`, which sees placeholders where binary was."""

    def encode_so(args: Sequence[Any], field: str = "payload.args") -> Payload:
        attachments: list[bytes] = []
        try:
            text = dumps(_set_aside(list(args), attachments), separators=_SEPARATORS)
            raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        except NOT_ENCODED as err:
            raise no_json(None, field, err) from err  # only that encoder knows its types
        return Payload(raw, tuple(attachments))

    return encode_so


def _set_aside(value: Any, attachments: list[bytes]) -> Any:
    if isinstance(value, (bytes, bytearray)):
        attachments.append(bytes(value))
        return {"_placeholder": True, "num": len(attachments) - 1}
    if isinstance(value, (list, tuple)):
        return [_set_aside(item, attachments) for item in value]
    if isinstance(value, dict):
        return {key: _set_aside(item, attachments) for key, item in value.items()}
    return value


def encode_json(value: object, field: str = "data") -> bytes:
    """Encodes one value that is JSON alone. Raises as encode does."""
    try:
        return _compact(value).encode()
    except UnicodeEncodeError:
        return _escaped(value).encode()
    except NOT_ENCODED as err:
        raise no_json(value, field, err, binary=False) from None


def decode(args: bytes, attachments: Sequence[bytes] = (), loads: Callable[[str], Any] = json.loads) -> list[Any]:
    """Decodes an argument list; binary stands where its placeholders stood."""
    if not args:
        return []
    text = args.decode()
    values: list[Any] = _scanned(text) if loads is json.loads else loads(text)
    return _put_back(values, attachments) if attachments else values


def _scanned(text: str) -> Any:
    """json.loads of what a hub gives: an array without a space in front of it."""
    try:
        return _scan(text, 0)[0]
    except StopIteration:
        return json.loads(text)


def _put_back(value: Any, attachments: Sequence[bytes]) -> Any:
    if isinstance(value, list):
        return [_put_back(item, attachments) for item in value]
    if isinstance(value, dict):
        if value.get("_placeholder") is True and isinstance(value.get("num"), int):
            return attachments[value["num"]]
        return {key: _put_back(item, attachments) for key, item in value.items()}
    return value


def well_formed(text: str) -> str:
    """The text with U+FFFD in the place of half a surrogate pair, which no field of type
    string can carry."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
