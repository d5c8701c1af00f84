"""What a program does wrong is an exception at the call, and never costs it the stream."""

from __future__ import annotations

import asyncio
import logging
import types
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from bad_values import BIG, EVENTS, FINE, NAMESPACES, ROOMS, UNREADABLE, VALUES, check

import siohub
import siohub.socketio as socketio
from siohub import testing
from siohub._pb import attach_pb2

Caller = Callable[[str, Any], Awaitable[Any]]


@pytest.fixture
async def hub() -> AsyncIterator[testing.Hub]:
    async with testing.Hub() as h:
        yield h


@pytest.fixture
async def sio(hub: testing.Hub) -> AsyncIterator[Any]:
    server: Any = socketio.AsyncServer(options=hub.options)

    @server.event
    async def echo(sid: str, *args: Any) -> Any:
        return args

    @server.event
    async def give(sid: str, name: str) -> Any:
        return {**{k: v[0] for k, v in VALUES.items()}, **{k: v[0] for k, v in FINE.items()}}[name]

    @server.event
    async def connect(sid: str, environ: Any, auth: Any) -> None:
        if auth:
            raise socketio.exceptions.ConnectionRefusedError(
                auth["message"] * auth.get("times", 1), VALUES[auth["data"]][0]
            )

    await server.start()
    yield server
    await server.shutdown()
    assert hub.streams == 1, "nothing of it costs the stream"


async def failure(call: Awaitable[Any]) -> BaseException | None:
    try:
        await asyncio.wait_for(call, 5)
    except Exception as err:
        return err
    return None


@pytest.mark.parametrize("name", VALUES)
async def test_data_of_an_async_server(hub: testing.Hub, sio: Any, name: str) -> None:
    value, kind, reason, field = VALUES[name]
    ann = await hub.connect()
    calls: list[Caller] = [
        lambda e, v: sio.emit(e, v, to=ann.sid),
        lambda e, v: sio.emit(e, v, to=ann.sid, callback=print),
        lambda e, v: sio.call(e, v, to=ann.sid),
        lambda e, v: sio.send(v),
    ]
    for call in calls:
        check(await failure(call("e", value)), kind, reason, "emit.payload" + field)
    assert await ann.call("echo", "there") == ["there"]


@pytest.mark.parametrize("name", FINE)
async def test_data_that_is_odd_and_travels(hub: testing.Hub, sio: Any, name: str) -> None:
    value, comes = FINE[name]
    ann = await hub.connect()
    await sio.emit("e", value, to=ann.sid)
    assert await ann.expect("e") == [comes]
    assert await ann.call("give", name) == [comes]


async def test_names(hub: testing.Hub, sio: Any) -> None:
    ann = await hub.connect()
    for event, (kind, reason) in EVENTS.items():
        check(await failure(sio.emit(event, 1, to=ann.sid)), kind, reason, "emit.event")
        check(await failure(sio.call(event, 1, to=ann.sid)), kind, reason, "emit.event")
    for room, kind, reason in ROOMS:
        check(await failure(sio.enter_room(ann.sid, room)), kind, reason, "update_rooms.join[0]")
        check(await failure(sio.leave_room(ann.sid, room)), kind, reason, "update_rooms.leave[0]")
        check(await failure(sio.close_room(room)), kind, reason, "update_rooms.leave[0]")
    for namespace, kind in NAMESPACES.items():
        check(await failure(sio.emit("e", 1, namespace=namespace)), kind, "BAD_NAMESPACE", "target.namespace")
        check(await failure(sio.disconnect("x", namespace=namespace)), kind, "BAD_NAMESPACE", "target.namespace")
    for sid in (5, None, b"x", object()):
        for call in (
            sio.enter_room(sid, "r"),
            sio.save_session(sid, {"a": 1}),
            sio.get_session(sid),
            sio.disconnect(sid),
        ):
            check(await failure(call), siohub.InvalidType, "BAD_NAME", "target.sockets[0]")
    check(await failure(sio.emit("e", skip_sid=[5])), siohub.InvalidType, "BAD_NAME", "target.except_sockets[0]")
    for name in ("\ud800", "a\udfffb"):  # half a surrogate pair is U+FFFD
        await sio.enter_room(ann.sid, name)
        await sio.emit(name, 1, room=name, skip_sid=name)
        assert await ann.expect(name.replace("\ud800", "\ufffd").replace("\udfff", "\ufffd")) == [1]
    for room in (b"r", 7, None, ("a", 1), 2.5):
        await sio.enter_room(ann.sid, room)
        await sio.emit("to", room=[room])
        assert await ann.expect("to") == []


@pytest.mark.parametrize("name", [n for n in VALUES if not n.startswith("5")] + ["5 MiB"])
async def test_what_a_handler_returns(hub: testing.Hub, sio: Any, name: str, caplog: pytest.LogCaptureFixture) -> None:
    ann = await hub.connect()
    _, _, reason, field = VALUES[name]
    with pytest.raises(testing.NoReply, match=reason) as nothing:
        await ann.call("give", name)
    assert f"(reply.payload{field})" in str(nothing.value)
    assert any(reason in str(record.exc_info) for record in caplog.records if record.levelno == logging.ERROR)
    assert await ann.call("echo", "there") == ["there"]


@pytest.mark.parametrize("name", VALUES)
async def test_a_refusal_is_one_whatever_its_data(hub: testing.Hub, sio: Any, name: str) -> None:
    with pytest.raises(testing.ConnectError, match=r"^no$") as refused:
        await hub.connect(auth={"message": "no", "data": name})
    assert refused.value.data is None


async def test_a_refusal_whose_message_is_too_long_is_cut(hub: testing.Hub, sio: Any) -> None:
    with pytest.raises(testing.ConnectError) as cut:
        await hub.connect(auth={"message": "\ud800", "times": BIG, "data": "nan"})
    assert len(str(cut.value)) < 1 << 17


async def test_sessions_hold_anything(hub: testing.Hub, sio: Any) -> None:
    ann = await hub.connect()
    for name, (value, *_) in VALUES.items():
        await sio.save_session(ann.sid, {"fine": "\ud800", "odd": value})
        assert (await sio.get_session(ann.sid))["odd"] is value
        assert await ann.call("echo", "there") == ["there"]
        assert b"fine" in ann.socket.data or name == "5 MiB", "the rest travels"


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The auth of all browsers that come."""
    monkeypatch.setattr("siohub.testing.client.json", types.SimpleNamespace(dumps=lambda _: UNREADABLE.decode()))


@pytest.mark.parametrize("always_connect", [False, True])
async def test_an_auth_that_cannot_be_read_lets_nobody_in(
    hub: testing.Hub, unreadable: None, always_connect: bool
) -> None:
    server: Any = socketio.AsyncServer(options=hub.options, always_connect=always_connect)
    server.on("connect", lambda *_: False)
    await server.start()
    for _ in range(3):
        with pytest.raises(testing.ConnectError, match="auth cannot be decoded"):
            await hub.connect(auth="any")
    assert server.mirror.entries == server.mirror.browsers == {} and server.mirror.pending == 0
    await server.shutdown()


async def test_an_auth_that_a_service_cannot_read(hub: testing.Hub, unreadable: None) -> None:
    service = siohub.Service("test", hub.options)
    service.namespace("/").allow_anyone()
    running = asyncio.ensure_future(service.run())
    with pytest.raises(testing.ConnectError, match="auth cannot be decoded"):
        await hub.connect(auth="any")
    await service.close()
    await running


async def test_an_observer_outlives_what_it_cannot_read(hub: testing.Hub) -> None:
    service = siohub.Service("test", replace(hub.options, window_observations=2))
    seen: asyncio.Queue[siohub.Observation] = asyncio.Queue()
    service.observe("/", payloads=True)(seen.put)
    running = asyncio.ensure_future(service.run())
    await service.attached()
    for args in (*[b"[" + b"1" * 5000 + b"]"] * 3, b"[1]"):
        event = {"name": "e", "payload": {"args": args}}
        observation = {"subscription_id": 1, "kind": int(siohub.Kind.EVENT), "event": event}
        hub.say(attach_pb2.Item(observation=observation))  # type: ignore[arg-type]
    copy = await asyncio.wait_for(seen.get(), 10)
    assert (copy.args, copy.gap) == ([1], 3)
    await service.close()
    await running


async def test_a_host_that_names_no_port(hub: testing.Hub, sio: Any) -> None:
    ann = await hub.connect(headers={"Host": "example.com:" + "1" * 5000})
    environ = sio.get_environ(ann.sid)
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("example.com", "80")


async def test_before_there_is_a_hub() -> None:
    server = socketio.AsyncServer(hub="127.0.0.1:1")
    check(await failure(server.emit("e", "x" * BIG)), siohub.TooLarge, "ENVELOPE_TOO_LARGE", "emit.payload")
    await server.shutdown()


async def test_a_service(hub: testing.Hub, caplog: pytest.LogCaptureFixture) -> None:
    service = siohub.Service("test", hub.options)
    ns = service.namespace("/")
    errors: list[BaseException | None] = []

    @ns.on_connect
    async def connect(attempt: siohub.ConnectAttempt) -> siohub.Accept:
        auth = attempt.auth or {}
        if auth.get("deny"):
            raise siohub.Deny("no", VALUES[auth["deny"]][0])
        return siohub.Accept(**{k: VALUES[v][0] for k, v in auth.items()})

    @ns.on("reply")
    async def reply(event: siohub.Event) -> None:
        try:
            event.reply(VALUES[event.args[0]][0])
        except (TypeError, ValueError) as err:
            errors.append(err)
            event.reply("fine")
            with pytest.raises(siohub.Answered):
                event.reply("twice")

    @ns.on("reject")
    async def reject(event: siohub.Event) -> None:
        raise siohub.Reject("no", VALUES[event.args[0]][0])

    running = asyncio.ensure_future(service.run())
    ann = await hub.connect()
    for name, (value, kind, reason, field) in VALUES.items():
        me = ns.sockets(ann.sid)
        for call in (me.emit("e", value), me.emit_result("e", value), me.emit_with_ack("e", value)):
            check(await failure(call), kind, reason, "emit.payload" + field)
        for call in (service.call("/", "c", value), service.tell("/", "c", value)):
            check(await failure(call), kind, reason, "call.payload" + field)
        check(await failure(service.acknowledge(b"x" * 16, value)), kind, reason, "acknowledge.payload" + field)
        if "bytes" not in name:  # which data have no room for
            at = "set_data.data" + field.removeprefix(".args").removeprefix("[0]")
            check(await failure(me.set_data(value)), kind, reason, at)
        assert await ann.call("reply", name) == ["fine"]
        check(errors.pop(), kind, reason, "reply.payload" + field)
        assert await ann.call("reject", name) == [{"error": {"message": "no"}}]
        with pytest.raises(testing.ConnectError, match=r"^no$"):
            await hub.connect(auth={"deny": name})
        with pytest.raises(AssertionError, match="undecided"):
            await hub.connect(auth={"data": name})
    keyed = me.idempotency_key(5)  # type: ignore[arg-type]
    check(await failure(keyed.emit("e")), siohub.InvalidType, "BAD_NAME", "idempotency_key")
    await me.idempotency_key("\ud800").emit("e")
    check(await failure(ns.to(5).emit("e")), siohub.InvalidType, "BAD_NAME", "target.rooms[0]")  # type: ignore[arg-type]
    check(await failure(me.join(b"r")), siohub.InvalidType, "BAD_NAME", "update_rooms.join[0]")  # type: ignore[arg-type]
    assert hub.streams == 1
    await service.close()
    await running
