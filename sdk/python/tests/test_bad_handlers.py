"""Handlers that block, fail, never end, or are asked to end."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
import socketio as reference
from browser import Browser
from conftest import Hub, free_port, is_open, wait_for

import siohub.socketio as siohub
from siohub._facade.executors import Threads

MODES = ["async", "threads"]


def start(spawn: Any, hub: Hub, mode: str, **env: str) -> Any:
    port = free_port()
    app = spawn("blocking.py", mode, str(port), HUB_ADDRESS=hub.address, **env)
    if mode == "async":
        wait_for(lambda: is_open(port), "the application")
    return app


@pytest.mark.parametrize("mode", MODES)
async def test_a_handler_that_blocks_loses_nothing(hub: Hub, spawn: Any, mode: str) -> None:
    app = start(spawn, hub, mode)
    async with Browser(hub.url) as ann, Browser(hub.url) as bob:
        await ann.connect()
        await bob.connect()
        blocked = asyncio.ensure_future(ann.call("block", 20 if mode == "async" else 3, timeout=60))
        await asyncio.to_thread(wait_for, lambda: "blocks" in app.text, "the handler")
        answers = asyncio.gather(*(bob.call("twice", timeout=60) for _ in range(3)))
        if mode == "threads":
            assert await answers == [(1, 2)] * 3 and not blocked.done(), "threads block nobody else"
        assert await blocked == "blocked"
        assert await answers == [(1, 2)] * 3
        assert ann.client.connected and bob.client.connected
        assert hub.text.count("stream opened") == 1


@pytest.mark.parametrize("mode", MODES)
async def test_a_handler_that_fails(hub: Hub, spawn: Any, mode: str) -> None:
    app = start(spawn, hub, mode)
    async with Browser(hub.url) as ann:
        await ann.connect()
        for kind in ("error", "memory"):
            with pytest.raises(reference.exceptions.TimeoutError):
                await ann.call("throw", kind, timeout=0.5)
            assert [e[2] for e in ann.received("before")].count(kind) == 1, "it is not tried again"
        with pytest.raises(reference.exceptions.TimeoutError):
            await ann.call("yields", timeout=0.5)
        assert "ValueError: error" in app.text and "BAD_JSON (reply.payload.args[0])" in app.text
        assert await ann.call("twice") == (1, 2)


@pytest.mark.parametrize("mode", MODES)
async def test_a_handler_that_cancels_itself_is_tried_five_times(hub: Hub, spawn: Any, mode: str) -> None:
    start(spawn, hub, mode)
    async with Browser(hub.url) as ann:
        await ann.connect()
        await ann.emit("throw", "cancelled")
        await ann.until("before", 5)
        assert await ann.call("twice") == (1, 2)


@pytest.mark.parametrize("mode", MODES)
async def test_a_handler_that_calls_exit_is_done_by_the_next_process(hub: Hub, spawn: Any, mode: str) -> None:
    old = start(spawn, hub, mode, LEAVES="1")
    async with Browser(hub.url) as ann:
        await ann.connect()
        leaving = asyncio.ensure_future(ann.call("leave", timeout=60))
        await asyncio.to_thread(wait_for, lambda: "leaves" in old.text, "the handler")
        new = start(spawn, hub, mode)
        if mode == "async":
            await asyncio.to_thread(old.popen.wait, 30)
        else:
            old.kill()  # no thread can end a process
        assert await leaving == new.popen.pid


@pytest.mark.parametrize("kind", [SystemExit, asyncio.CancelledError])
async def test_threads_outlive_what_ends_a_connect_or_disconnect_handler(hub: Hub, kind: type[BaseException]) -> None:
    server: Any = siohub.Server(async_mode="threading", hub=hub.address)
    ends = [kind(), None]

    @server.event
    def connect(sid: str, environ: Any, auth: Any) -> None:
        if (end := ends.pop(0)) is not None:
            raise end

    @server.event
    def disconnect(sid: str, reason: str) -> None:
        ends.append(kind())
        raise kind()

    server.start()
    async with Browser(hub.url) as ann:
        await ann.connect()  # which asks again
        assert ends == [] and server.mirror.pending == 0
    await asyncio.to_thread(wait_for, lambda: ends, "the handler")
    await asyncio.to_thread(wait_for, lambda: not server.mirror.entries, "the end of the socket")
    server.shutdown()


@pytest.mark.parametrize("kind", [SystemExit, asyncio.CancelledError, KeyboardInterrupt])
def test_no_job_ends_its_thread(kind: type[BaseException]) -> None:
    def job() -> None:
        raise kind

    threads, ran = Threads(limit=1), threading.Event()
    threads.submit(job)
    threads.submit(ran.set)
    assert ran.wait(10)


@pytest.mark.parametrize("mode", MODES)
async def test_a_handler_that_asks_for_the_end(hub: Hub, spawn: Any, mode: str) -> None:
    old = start(spawn, hub, mode, LEAVES="1")
    async with Browser(hub.url) as ann:
        await ann.connect()
        working = asyncio.ensure_future(ann.call("signal", timeout=60))
        await asyncio.to_thread(old.popen.wait, 30)
        new = start(spawn, hub, mode)
        # asyncio.run and uvicorn take the signal: the handler ends first. Python itself ends the process.
        assert await working == (old if mode == "async" else new).popen.pid


async def test_a_process_that_is_asked_to_end_ends_its_work_first(hub: Hub, spawn: Any) -> None:
    old = start(spawn, hub, "async")
    async with Browser(hub.url) as ann:
        await ann.connect()
        working = asyncio.ensure_future(ann.call("work", 1.5))
        await asyncio.to_thread(wait_for, lambda: "works" in old.text, "the handler")
        start(spawn, hub, "async")
        await asyncio.to_thread(old.terminate)
        assert await working == "worked"
        assert [entry[2] for entry in ann.received("done")] == [1.5], "once, by the one that had begun it"
        assert await ann.call("twice") == (1, 2)


@pytest.mark.parametrize("mode", MODES)
async def test_a_handler_that_never_ends_is_done_by_the_next_process(hub: Hub, spawn: Any, mode: str) -> None:
    old = start(spawn, hub, mode)
    async with Browser(hub.url) as ann:
        await ann.connect()
        await ann.emit("never")
        assert await ann.call("twice") == (1, 2)
        old.kill()
        start(spawn, hub, mode)
        assert await ann.call("twice") == (1, 2)
