"""The fake hub, and with it what a real one cannot do at will."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

import siohub
import siohub.socketio as socketio
from siohub import testing


@pytest.fixture
async def hub() -> AsyncIterator[testing.Hub]:
    async with testing.Hub() as h:
        yield h


@pytest.fixture
async def sio(hub: testing.Hub) -> AsyncIterator[Any]:
    server: Any = socketio.AsyncServer(options=hub.options)
    server.began, server.released = asyncio.Event(), asyncio.Event()

    @server.event
    async def connect(sid: str, environ: Any, auth: Any) -> Any:
        if auth == {"no": 1}:
            raise socketio.exceptions.ConnectionRefusedError("no", {"a": 1})
        await server.enter_room(sid, "lobby")
        await server.emit("welcome", environ.get("HTTP_X"), to=sid)

    @server.event
    async def echo(sid: str, *args: Any) -> Any:
        return args

    @server.event
    async def ask(sid: str, text: str) -> Any:
        return await server.call("question", text, to=sid)

    @server.event
    async def slow(sid: str) -> str:
        server.began.set()
        await server.released.wait()
        return "slow"

    await server.start()
    yield server
    await server.shutdown()


async def test_async_server(hub: testing.Hub, sio: Any) -> None:
    ann = await hub.connect(headers={"X": "y"})
    assert await ann.expect("welcome") == ["y"]
    assert await ann.call("echo", 1, b"x") == [1, b"x"]
    ann.answers["question"] = lambda text: [text + "!"]
    assert await ann.call("ask", "why") == ["why!"]
    await sio.emit("all", "x", room="lobby")
    assert await ann.expect("all") == ["x"]
    with pytest.raises(testing.ConnectError, match="no") as refused:
        await hub.connect(auth={"no": 1})
    assert refused.value.data == {"a": 1}
    with pytest.raises(testing.NoReply):
        await ann.call("unknown")
    await sio.disconnect(ann.sid)
    assert await ann.left() == "server namespace disconnect"
    assert sio.manager.rooms == {}


async def test_a_broken_stream_is_taken_up_and_nothing_is_lost(hub: testing.Hub, sio: Any) -> None:
    ann = await hub.connect()
    slow = asyncio.ensure_future(ann.call("slow"))
    await sio.began.wait()
    hub.cut()
    await sio.emit("while away", room=ann.sid)
    sio.released.set()
    assert await slow == ["slow"]
    assert await ann.expect("while away") == []
    assert hub.resumed == 1 and hub.streams == 2


async def test_a_hub_that_forgot_delivers_again(hub: testing.Hub, sio: Any) -> None:
    ann = await hub.connect()
    slow = asyncio.ensure_future(ann.call("slow"))
    await sio.began.wait()
    sio.began.clear()
    hub.drop()
    await sio.began.wait()
    sio.released.set()
    assert await slow == ["slow"]
    assert sio.rooms(ann.sid) == [ann.sid, "lobby"]


async def test_emits_from_other_threads_and_loops(hub: testing.Hub, sio: Any) -> None:
    ann = await hub.connect()
    await asyncio.to_thread(lambda: asyncio.run(sio.emit("thread", 1, to=ann.sid)))
    assert await ann.expect("thread") == [1]


async def test_a_handler_that_blocks_the_loop(hub: testing.Hub, sio: Any) -> None:
    import time

    @sio.event
    def block(sid: str) -> str:
        time.sleep(0.5)
        return "blocked"

    ann = await hub.connect()
    both = asyncio.gather(ann.call("block"), ann.call("echo", 1))
    assert await both == [["blocked"], [1]]


async def test_service(hub: testing.Hub) -> None:
    service = siohub.Service("test", replace(hub.options, ack_timeout=1))
    ns = service.namespace("/", track_rooms=True)
    seen: list[Any] = []

    @ns.on_connect
    async def connect(attempt: siohub.ConnectAttempt) -> siohub.Accept:
        attempt.emit("hello", attempt.handshake.header("x"))
        return siohub.Accept(user="ann", rooms=["r"], data={"n": 1})

    @ns.on_connected
    async def connected(c: siohub.Connected) -> None:
        seen.append(("connected", c.socket.user, c.rooms))

    @ns.on_disconnected
    async def disconnected(d: siohub.Disconnected) -> None:
        seen.append(("disconnected", d.reason))

    @ns.on("order", at_most_once=True)
    async def order(e: siohub.Event) -> None:
        seen.append(("begin", e.args[0]))
        await asyncio.sleep(0.02)  # the next one must not begin
        seen.append(("end", e.args[0]))
        e.reply(e.args[0])

    @ns.on("retry")
    async def retry(e: siohub.Event) -> None:
        if e.attempt < 3:
            raise siohub.Retry("again")
        e.reply(e.attempt)

    @ns.on("reject")
    async def reject(e: siohub.Event) -> None:
        raise siohub.Reject("no", {"why": 1})

    @ns.on("later")
    async def later(e: siohub.Event) -> None:
        ack = e.ack_later()
        asyncio.get_running_loop().call_later(0.02, lambda: asyncio.ensure_future(ack.reply("late")))

    @ns.on("data")
    async def data(e: siohub.Event) -> None:
        await e.socket.merge_data({"m": 2})
        result = await ns.to("r").emit_result("told", 1)
        info = (await ns.users("ann").fetch_sockets())[0]
        e.reply(e.socket.data, result.matched, info.socket.data, e.socket.rooms)

    running = asyncio.ensure_future(service.run())
    ann = await hub.connect(headers={"X": "y"})
    assert await ann.expect("hello") == ["y"]
    assert await asyncio.gather(ann.call("order", 1), ann.call("order", 2)) == [[1], [2]]
    assert await ann.call("retry") == [3]
    assert await ann.call("reject") == [{"error": {"message": "no", "data": {"why": 1}}}]
    assert await ann.call("later") == ["late"]
    assert await ann.call("data") == [{"n": 1}, 1, {"n": 1, "m": 2}, ["r"]]
    await ann.disconnect()
    assert seen == [
        ("connected", "ann", ["r"]), ("begin", 1), ("end", 1), ("begin", 2), ("end", 2),
        ("disconnected", "client namespace disconnect"),
    ]  # fmt: skip
    await service.close()
    await running


async def test_a_service_lives_as_long_as_its_application(hub: testing.Hub, caplog: pytest.LogCaptureFixture) -> None:
    service = siohub.Service("test", hub.options)
    service.namespace("/").allow_anyone()
    async with service.lifespan(object()):
        await service.attached()
        await hub.connect()
    wrong = siohub.Service("test", hub.options)
    wrong.namespace("/x")
    async with wrong.lifespan():
        with pytest.raises(siohub.Closed):
            await wrong.attached()
    assert "test serves no more" in caplog.text and "who decides" in caplog.text


async def test_a_service_says_who_decides() -> None:
    service = siohub.Service("test")
    service.namespace("/x")
    with pytest.raises(siohub.ConfigError, match="who decides"):
        await service.run()


async def test_a_socket_is_known_while_its_disconnect_handler_runs(hub: testing.Hub, sio: Any) -> None:
    seen: list[Any] = []

    @sio.event
    async def disconnect(sid: str, reason: str) -> None:
        await asyncio.sleep(0.05)  # the hub's own word of it comes meanwhile
        seen.append(
            [(await sio.get_session(sid)).get("k"), reason, sio.rooms(sid)[1:], sio.get_environ(sid) is not None]
        )

    ann = await hub.connect()
    await sio.save_session(ann.sid, {"k": 1})
    await sio.disconnect(ann.sid)
    assert seen == [[1, "server disconnect", ["lobby"], True]]
    assert sio.rooms(ann.sid) == []
    bob = await hub.connect()
    await sio.save_session(bob.sid, {"k": 2})
    await bob.disconnect()
    assert seen[1:] == [[2, "client disconnect", ["lobby"], True]]


async def test_callbacks_that_nobody_answers_are_bounded(
    hub: testing.Hub, sio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from siohub._facade import wording

    monkeypatch.setattr(wording, "MAX_CALLBACKS", 3)
    ann = await hub.connect()
    ann.answers["asked"] = lambda n: [n]
    answers: list[Any] = []
    for n in range(5):
        await sio.emit("asked", n, to=ann.sid, callback=answers.append)
    for n in range(5):
        assert await ann.expect("asked") == [n], "all are sent"
    await ann.call("echo")
    assert sorted(answers) == [0, 1, 2] and sio._callbacks == 0
    await sio.emit("asked", 5, to=ann.sid, callback=answers.append)
    await ann.expect("asked")
    await ann.call("echo")
    assert answers[3:] == [5]


async def test_answers_to_two_hubs_are_told_apart(hub: testing.Hub, sio: Any) -> None:
    ann = await hub.connect()
    entry = sio.mirror.entries[ann.sid]
    dispatcher = sio._host.core.program
    att, seq = sio._host.core.line.home, 7
    entry.dedupe, entry.attempt = b"", (att, seq)
    dispatcher._accepted[entry.attempt] = entry
    dispatcher.refused(object(), seq, siohub.StatusError("NOT_FOUND"))
    assert sio.mirror.entries[ann.sid] is entry, "another hub has refused its own delivery of that number"
    dispatcher.refused(att, seq, siohub.StatusError("NOT_FOUND"))
    assert ann.sid not in sio.mirror.entries and not dispatcher._accepted


async def test_an_emit_with_a_callback_keeps_its_place(hub: testing.Hub, sio: Any) -> None:
    ann = await hub.connect()
    for n in range(10):
        await sio.emit("in order", n, to=ann.sid, callback=(lambda *_: None) if n % 3 else None)
    for n in range(10):
        assert await ann.expect("in order") == [n]
    await asyncio.to_thread(lambda: asyncio.run(sio.emit("asked", 1, to=ann.sid, callback=print)))
    assert await ann.expect("asked") == [1]


async def test_an_event_that_is_dealt_with_leaves_nothing_to_the_garbage_collector(hub: testing.Hub, sio: Any) -> None:
    import gc

    from siohub._core.work import Work

    ann = await hub.connect()
    gc.collect()
    gc.disable()
    try:
        for n in range(50):
            assert await ann.call("echo", n) == [n]
        assert len([o for o in gc.get_objects() if isinstance(o, Work)]) < 5
    finally:
        gc.enable()
