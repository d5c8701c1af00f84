"""The same application against python-socketio and against the kit: browsers see the same."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import socketio as reference
from browser import Browser
from conftest import Hub, free_port, is_open, wait_for

ANSWERS = {"question": lambda q: ["answer to", q]}


async def story(url: str) -> list[Any]:
    """What browsers do, and what comes of it."""
    out: list[Any] = []
    async with Browser(url, answers=ANSWERS) as ann, Browser(url, answers=ANSWERS) as bob:
        await ann.connect({"name": "ann"}, headers={"X-Test": "1"})
        await ann.until("joined")
        await bob.connect({"name": "bob"})
        await ann.until("joined", 2)
        await bob.until("joined", 1)
        out.append(["ann", ann.journal[:]])
        out.append(["bob", bob.journal[:]])
        for name in ("false", "refused", "refused2", "refused3", "bare", "builtin"):
            other = Browser(url)
            with pytest.raises(reference.exceptions.ConnectionError):
                await other.connect({"name": name})
            out.append([name, other.journal])
        for args in ((1,), ("a", None), ({"x": [1, 2.5, "ü\u2028"]},), (b"\x00\xff", {"b": b"1"}), ()):
            out.append(["echo", await ann.call("echo", *args)])
        for event, args in (
            ("nothing", ()), ("two", ()), ("a_list", ()), ("plain", (5,)), ("with:colon and space", ("é",)),
            ("unknown", (1, 2)), ("with_callback", ()), ("session", ("k", 1)), ("slow_then_fast", ("fast",)),
        ):  # fmt: skip
            out.append([event, await ann.call(event, *args)])
        out.append(["say", await ann.call("say", "lobby", "hello")])
        await bob.until("said")
        out.append(["enter", await bob.call("enter", "r1"), await bob.call("enter", "r2"), await bob.call("enter", 7)])
        out.append(["lists", await ann.call("say_lists", ["r1", "r2", "lobby"], [ann.sid()])])
        out.append(["lists", await ann.call("say_lists", ["r1", "r2"], None)])
        await bob.until("said", 3)
        out.append(["leave", await bob.call("leave", "r1"), await bob.call("leave", "nowhere")])
        out.append(["close", await bob.call("close_room", "r2")])
        out.append(["lists", await ann.call("say_lists", ["r1", "r2"], None)])
        out.append(["int room", await ann.call("say_lists", [7], None)])
        await bob.until("said", 4)
        out.append(["ask", await ann.call("ask", bob.sid(), "why?")])
        out.append(["ask late", await ann.call("ask_late", bob.sid())])
        out.append(["ask myself", await ann.call("ask", ann.sid(), "me?")])
        await ann.call("everybody", "all")
        await bob.until("message")
        slow = asyncio.ensure_future(ann.call("slow_then_fast", "slow"))
        await ann.until("began")
        out.append(["beside", await ann.call("slow_then_fast", "fast"), slow.done()])
        out.append([await ann.call("slow_then_fast", "release"), await slow])
        with pytest.raises(reference.exceptions.TimeoutError):
            await ann.call("broken", timeout=0.5)
        with pytest.raises(reference.exceptions.TimeoutError):
            await ann.call("few", 1, timeout=0.5)
        out.append(["facts", await ann.call("facts")])
        out.append(["kick", await ann.call("kick", bob.sid())])
        await bob.until_gone()
        out.append(["bob", bob.client.connected, bob.journal[1:]])
        await ann.until("left")
        out.append(["ann", [entry for entry in ann.journal if entry[1] != "welcome"]])
        out.append(["what", await ann.call("what")])
    async with Browser(url) as left, Browser(url) as stays:
        await left.connect({"name": "left"})
        await stays.connect({"name": "stays"})
        await left.client.eio.ws.close() if left.client.eio.ws else None
        await stays.until("left")
        out.append(["left", stays.received("left")])
    async with Browser(url, ["/chat", "/picky"]) as chat:
        await chat.connect({"name": "ok"})
        await chat.until("hi")
        out.append(["chat", await chat.call("message", "x", namespace="/chat")])
        out.append(["chat", await chat.call("where", namespace="/chat")])
        await chat.until("message")
        out.append(["chat", chat.journal])
    other = Browser(url, ["/picky"])
    with pytest.raises(reference.exceptions.ConnectionError):
        await other.connect()
    out.append(["picky", other.journal])
    return out


async def run(module: str, hub: Hub, spawn: Any, **env: str) -> list[Any]:
    port = free_port()
    app = spawn("story_async.py", module, str(port), HUB_ADDRESS=hub.address, **env)
    wait_for(lambda: is_open(port), f"the application: {app.text}")
    try:
        return await story(hub.url if module != "socketio" else f"http://127.0.0.1:{port}")
    finally:
        app.terminate()


@pytest.mark.parametrize("transport", ["lean", "grpc"])
async def test_browsers_see_the_same(hub: Hub, spawn: Any, transport: str) -> None:
    expected = await run("socketio", hub, spawn)
    got = await run("siohub.socketio", hub, spawn, HUB_TRANSPORT=transport)
    differences = [(want, have) for want, have in zip(expected, got, strict=False) if want != have]
    assert not differences
    assert len(got) == len(expected)
