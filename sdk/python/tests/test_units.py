"""Parts by themselves."""

from __future__ import annotations

import math
import sys
import time
import types
from typing import Any

import pytest

from siohub._core import messages, native
from siohub._core.codec import Payload, decode, encode, well_formed
from siohub._core.options import Options, is_local, split_hubs
from siohub._core.outbox import Entry, Outbox
from siohub._core.resolve import parse_hubs
from siohub._facade import emitter, said
from siohub._facade.mirror import MAX_DEFERRED, MAX_DEFERRED_BYTES, OPEN, Mirror, room_name, room_of
from siohub._facade.mirror import Entry as Socket
from siohub._facade.reasons import Reason
from siohub._facade.sessions import read_session, session_data
from siohub._pb import attach_pb2, command_pb2, control_pb2
from siohub.errors import ConfigError


@pytest.mark.parametrize(
    "args",
    [
        [], [None, True, 1, -1.5, "ü\u2028\0"], [{"a": [b"\x00", {"b": b""}]}, b"x"], [2**53 + 1], ["😀"],
        [(1, 2)], [{1: "key"}],
    ],
)  # fmt: skip
def test_values_survive(args: list[Any]) -> None:
    payload = encode(args)
    payload.args.decode()
    expected = [[1, 2]] if args == [(1, 2)] else [{"1": "key"}] if args == [{1: "key"}] else args
    assert decode(*payload) == expected


def test_what_is_no_json() -> None:
    for bad in (math.nan, math.inf):
        with pytest.raises(ValueError):
            encode([bad])
    with pytest.raises(TypeError):
        encode([object()])
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError):
        encode(deep)
    twice: list[Any] = []
    for _ in range(2000):
        twice = [twice, twice]  # 2000 lists: there is no end to the ways through them
    with pytest.raises(ValueError, match="nested too deeply"):
        encode(twice)
    for spaced in (b' [1, "a"]', b"[1]"):
        assert decode(spaced)[0] == 1
    with pytest.raises(ValueError):
        decode(b"{")
    assert encode(["\ud800"]).args == b'["\\ud800"]'
    assert well_formed("a\ud800b") == "a\ufffdb" and well_formed("é") == "é"


def test_an_object_that_looks_like_a_placeholder() -> None:
    assert decode(b'[{"_placeholder":true,"num":0}]', ()) == [{"_placeholder": True, "num": 0}]
    assert decode(b'[{"_placeholder":true,"num":0}]', (b"x",)) == [b"x"]


def test_an_outbox_gives_back_what_has_no_receipt() -> None:
    box = Outbox()
    box.keeps = True
    for n in range(5):
        box.push(Entry(bytes([n]), counted=True, movable=True))
    first = box.take()
    assert len(first) == 5 and box.number(first[:2]) == 1 and box.number(first[2:]) == 2
    box.push(Entry(b"new"))
    box.receipt(1)
    assert box.rewind(1)
    assert [e.data for e in box.take()] == [b"\x02", b"\x03", b"\x04", b"new"]
    assert box.last == 1
    assert not box.rewind(7), "what was never sent"


def test_an_outbox_has_room_for_so_many_commands() -> None:
    box = Outbox()
    assert box.has_room(100 << 20), "one always fits"
    box.push(Entry(b"x" * (4 << 20), counted=True))
    assert not box.has_room(1)
    box.take()
    assert box.has_room(1)
    assert [e.data for e in box.take_movable()] == []


@pytest.mark.parametrize("seq", [1, 127, 128, 2**40, 2**53 - 1])
def test_done_is_what_protobuf_writes(seq: int) -> None:
    from siohub._pb import settlement_pb2

    made = attach_pb2.AttachRequest.FromString(messages.envelope(3, 2, [messages.done(seq)]))
    done = settlement_pb2.Settlement(delivery_seq=seq, done=settlement_pb2.Done())
    assert made == attach_pb2.AttachRequest(envelope_seq=3, ack_envelope_seq=2, actions=[{"settlement": done}])


@pytest.mark.parametrize("seq", [1, 300, 2**40, 2**53 - 1])
def test_a_reply_is_what_protobuf_writes(seq: int) -> None:
    from siohub._pb import settlement_pb2

    for size in (0, 2, *range(100, 130), 200, 16370, 16384, 70_000):
        for attachments in ((), (b"x",)):
            payload = Payload(b"x" * size, attachments)
            made = attach_pb2.AttachRequest.FromString(messages.envelope(3, 2, [messages.reply(seq, payload)]))
            settlement = settlement_pb2.Settlement(delivery_seq=seq)
            settlement.reply.payload.args = payload.args
            settlement.reply.payload.attachments.extend(attachments)
            assert made == attach_pb2.AttachRequest(
                envelope_seq=3, ack_envelope_seq=2, actions=[{"settlement": settlement}]
            )


def test_options_of_the_environment() -> None:
    made = Options().completed({"HUB_ADDRESS": "a:1, b:2", "HUB_TOKEN_FILE": "/nowhere", "HUB_TLS_CA": "system"})
    assert made.hub == "a:1, b:2" and made.token_source is not None and made.tls is not None and made.instance_id
    assert split_hubs(" a:1,,a:1 , b:2") == ["a:1", "b:2"]
    assert split_hubs("a,[::1],dns:///b,unix:/run/hub,a:7420") == [
        "a:7420",
        "[::1]:7420",
        "dns:///b:7420",
        "unix:/run/hub",
    ]
    assert parse_hubs("dns:///x:1,y:2")[1] == ["x:1"]
    assert is_local("[::1]:1") and is_local("localhost:1") and is_local("unix:x") and not is_local("hub:1")
    for environ, field in (
        ({"HUB_ADDRESS": "http://hub:3000"}, "for browsers"),
        ({"HUB_ADDRESS": "hub:1", "HUB_TOKEN": "x"}, "in the clear"),
        ({"HUB_TLS_CERT": "x"}, "HUB_TLS_KEY"),
        ({"HUB_TLS_CA": "/nowhere"}, "HUB_TLS_CA"),
    ):
        with pytest.raises(ConfigError, match=field):
            Options().completed(environ)


def test_a_mirror_is_true_in_the_same_tick() -> None:
    mirror = Mirror()
    a = Socket("a", "/", "ea", "h", "websocket")
    mirror.add(a)
    mirror.opened(a)
    assert a.state == OPEN and mirror.enter(a, "r") and not mirror.enter(a, "r")
    a.own["r"] = False
    mirror.leave(a, "r")
    mirror.told(a, "r", True)  # older than what was done here
    assert "r" not in a.rooms
    mirror.told(a, "r", False)
    mirror.told(a, "r", True)
    assert mirror.participants("/", ["r", "nowhere"]) == {"a": "ea"}
    mirror.remove(a)
    assert mirror.rooms == {} and mirror.environ == {} and mirror.entries == {}


def test_rooms_of_other_types_come_back() -> None:
    for room in ("r", 7, 7.5, True, None, ("a", 1)):
        assert room_of(room_name(room)) == room and type(room_of(room_name(room))) is type(room)
    assert room_name("7") != room_name(7)


def test_what_of_a_session_travels() -> None:
    data, text = session_data({"a": [1, {"b": None}], "f": print, "nan": math.nan}, "g")
    assert read_session(data, "g") == ({"a": [1, {"b": None}]}, text)
    assert read_session(data, "other") == (None, "") and read_session(b"[1]", "g") == (None, "")
    assert session_data({"big": "x" * 70_000}, "g") == (b"", "")


def test_reasons() -> None:
    reason = Reason.of("hub lost", "detail")
    assert reason == "transport error" and reason.original == "hub lost" and reason.detail == "detail"
    assert Reason.of("ping timeout") == "ping timeout"
    assert isinstance(Payload(b"[1]").values(), list)


def test_a_mirror_knows_the_namespaces_of_a_browser() -> None:
    mirror = Mirror()
    a, b, c = (
        Socket("a", "/", "e", "h", "polling"),
        Socket("b", "/x", "e", "h", "polling"),
        Socket("c", "/x", "f", "h", "polling"),
    )
    for entry in (a, b, c):
        mirror.add(entry)
    again = Socket("a", "/", "e", "h", "polling")
    mirror.add(again)
    mirror.remove(a)  # which has been replaced
    mirror.remove(again)
    assert set(mirror.environ) == {"e", "f"} and mirror.browsers == {"e": {"b": b}, "f": {"c": c}}
    mirror.remove(b)
    mirror.remove(c)
    assert not mirror.environ and not mirror.browsers and mirror.pending == 0


def test_emits_that_wait_for_a_connect_handler_are_bounded() -> None:
    entry, command = Socket("a", "/", "e", "h", "polling"), command_pb2.Command()
    assert all(entry.defer(command) for _ in range(MAX_DEFERRED)) and not entry.defer(command)
    big = command_pb2.Command(idempotency_key="x" * (MAX_DEFERRED_BYTES // 2 - 10))
    assert not entry.defer(big) and not entry.defer(big) and not entry.defer(big)
    assert len(entry.take_deferred()) < 4 and entry.take_deferred() == [] and entry.deferred_bytes == 0


def test_what_is_said_once_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(said, "_said", set())
    for n in range(5000):
        said.once(f"session {n}", "x", level=0)
    assert len(said._said) == said.MAX_SAID


@pytest.mark.parametrize("name", ["gevent.monkey", "eventlet.patcher"])
def test_a_module_that_is_being_imported_has_patched_nothing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    assert native.patched() == ""
    assert native.original("time", "sleep") is time.sleep


def test_an_emitter_shows_each_token_on_one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wire:
        async def unary(self, *call: Any) -> Any:
            shown.append(call[-1])
            return control_pb2.ExecuteResponse(results=[command_pb2.Result()])

    wires: list[Wire] = []
    shown: list[str] = []
    monkeypatch.setattr(emitter, "dial", lambda *_, **__: wires.append(Wire()) or wires[-1])
    monkeypatch.setattr(emitter, "_wires", {})
    tokens = ["a", "a", "b"]
    one = emitter.Emitter(Options(token_source=lambda: tokens.pop(0)))
    for _ in range(3):
        one.emit("e")
    assert (len(wires), shown) == (1, ["a", "a", "b"])
