"""Handlers that block the loop, never end, or are asked to end."""

from __future__ import annotations

import asyncio
from typing import Any

from browser import Browser
from conftest import Hub, free_port, is_open, wait_for


def start(spawn: Any, hub: Hub) -> Any:
    port = free_port()
    app = spawn("blocking.py", str(port), HUB_ADDRESS=hub.address)
    wait_for(lambda: is_open(port), "the application")
    return app


async def test_a_loop_that_is_blocked_for_20_seconds_loses_nothing(hub: Hub, spawn: Any) -> None:
    app = start(spawn, hub)
    async with Browser(hub.url) as ann, Browser(hub.url) as bob:
        await ann.connect()
        await bob.connect()
        blocked = asyncio.ensure_future(ann.call("block", 20, timeout=60))
        await asyncio.to_thread(wait_for, lambda: "blocks" in app.text, "the handler")
        answers = asyncio.gather(*(bob.call("twice", timeout=60) for _ in range(3)))
        assert await blocked == "blocked"
        assert await answers == [(1, 2)] * 3
        assert ann.client.connected and bob.client.connected


async def test_a_process_that_is_asked_to_end_ends_its_work_first(hub: Hub, spawn: Any) -> None:
    old = start(spawn, hub)
    async with Browser(hub.url) as ann:
        await ann.connect()
        working = asyncio.ensure_future(ann.call("work", 1.5))
        await asyncio.to_thread(wait_for, lambda: "works" in old.text, "the handler")
        start(spawn, hub)
        await asyncio.to_thread(old.terminate)
        assert await working == "worked"
        assert [entry[2] for entry in ann.received("done")] == [1.5], "once, by the one that had begun it"
        assert await ann.call("twice") == (1, 2)


async def test_a_handler_that_never_ends_is_done_by_the_next_process(hub: Hub, spawn: Any) -> None:
    old = start(spawn, hub)
    async with Browser(hub.url) as ann:
        await ann.connect()
        await ann.emit("never")
        assert await ann.call("twice") == (1, 2)
        old.kill()
        start(spawn, hub)
        assert await ann.call("twice") == (1, 2)
