"""Bad input of Server, of managers without a server, and what a real hub says of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from bad_values import BIG, EVENTS, FINE, NAMESPACES, ROOMS, VALUES, check
from browser import Browser
from conftest import Hub

import siohub
import siohub.socketio as socketio


@pytest.fixture
def sio(hub: Hub) -> Iterator[Any]:
    server: Any = socketio.Server(async_mode="threading", hub=hub.address)

    @server.event
    def connect(sid: str, environ: Any, auth: Any) -> None:
        if auth:
            raise socketio.exceptions.ConnectionRefusedError(auth["message"] * auth.get("times", 1), "x" * BIG)

    @server.event
    def echo(sid: str, *args: Any) -> Any:
        return args

    @server.event
    def give(sid: str, name: str) -> Any:
        return {**VALUES, **FINE}[name][0]

    server.start()
    yield server
    server.shutdown()
    assert hub.text.count("stream opened") == 1, "nothing of it costs the stream"


def failure(call: Callable[[], Any]) -> BaseException | None:
    try:
        call()
    except Exception as err:
        return err
    return None


async def test_a_server_with_threads(hub: Hub, sio: Any) -> None:
    async with Browser(hub.url) as ann:
        await ann.connect()
        sid = ann.sid()

        def wrong() -> None:
            for value, kind, reason, field in VALUES.values():
                for call in (
                    lambda v=value: sio.emit("e", v, to=sid),
                    lambda v=value: sio.emit("e", v, to=sid, callback=print),
                    lambda v=value: sio.call("e", v, to=sid),
                ):
                    check(failure(call), kind, reason, "emit.payload" + field)
            for event, (kind, reason) in EVENTS.items():
                check(failure(lambda e=event: sio.emit(e, 1)), kind, reason, "emit.event")
            for room, kind, reason in ROOMS:
                check(failure(lambda r=room: sio.enter_room(sid, r)), kind, reason, "update_rooms.join[0]")
                check(failure(lambda r=room: sio.close_room(r)), kind, reason, "update_rooms.leave[0]")
            for namespace, kind in NAMESPACES.items():
                check(
                    failure(lambda n=namespace: sio.emit("e", 1, namespace=n)),
                    kind,
                    "BAD_NAMESPACE",
                    "target.namespace",
                )
            for value, _ in FINE.values():
                sio.emit("fine", value, to=sid)

        await asyncio.to_thread(wrong)
        await ann.until("fine", len(FINE))
        assert ann.received("fine")[0][2] == FINE["bytes"][1]
        for name in VALUES:
            await ann.emit("give", name)
        assert await ann.call("echo", "there") == "there"


@pytest.mark.parametrize("times", [1, BIG])
async def test_a_refusal_that_is_too_large_is_a_refusal(hub: Hub, sio: Any, times: int) -> None:
    async with Browser(hub.url) as ann:
        with pytest.raises(Exception, match=r"One or more namespaces failed to connect|no"):
            await ann.connect({"message": "n", "times": times})


@pytest.mark.parametrize("name", VALUES)
async def test_a_manager_without_a_server(hub: Hub, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("HUB_ADDRESS", hub.address)
    value, kind, reason, field = VALUES[name]
    manager = socketio.RedisManager(write_only=True)
    async with asyncio.timeout(5):  # no second try of what is wrong
        check(await asyncio.to_thread(failure, lambda: manager.emit("e", value)), kind, reason, "emit.payload" + field)
        with pytest.raises(kind) as wrong:
            await socketio.AsyncRedisManager(write_only=True).emit("e", value)
        check(wrong.value, kind, reason, "emit.payload" + field)
    manager.emit("e", "fine")


async def test_what_only_the_hub_knows_is_its_own_error(hub: Hub) -> None:
    service = siohub.Service("test", siohub.Options(hub=hub.address))
    ns = service.namespace("/")

    @ns.on_connect
    async def connect(attempt: siohub.ConnectAttempt) -> siohub.Accept:
        return siohub.Accept()

    running = asyncio.ensure_future(service.run())
    await service.attached()
    async with Browser(hub.url) as ann:
        await ann.connect()
        me = ns.sockets(ann.sid())
        with pytest.raises(siohub.StatusError) as wrong:
            await me.join("x" * 300)
        assert (wrong.value.code, wrong.value.reason) == ("RESOURCE_EXHAUSTED", "ROOM_BYTES")
        assert wrong.value.field == "update_rooms.join[0]", wrong.value.field
        with pytest.raises(siohub.StatusError) as wrong:
            await me.set_data("x" * 100_000)
        assert wrong.value.reason == "DATA_BYTES" and wrong.value.field == "set_data.data"
        with pytest.raises(siohub.InvalidArgument) as bad:
            await me.emit_result("e", siohub.Payload(b"{}"))
        assert bad.value.reason == "BAD_ARGS" and bad.value.field == "emit.payload.args"
        assert (await me.emit_result("e", 1)).matched == 1
    await service.close()
    await running
    assert hub.text.count("stream opened") == 1
