"""Threads, gevent and eventlet: browsers see what they see with python-socketio."""

from __future__ import annotations

import asyncio
import urllib.request
from typing import Any

import pytest
import socketio as reference
from browser import Browser
from conftest import Hub, free_port, is_open, wait_for

ANSWERS = {"question": lambda q: ["answer to", q]}


async def story(url: str) -> list[Any]:
    out: list[Any] = []
    async with Browser(url, answers=ANSWERS) as ann, Browser(url, answers=ANSWERS) as bob:
        await ann.connect({"name": "ann"}, headers={"Cookie": "a=b; c=d"})
        await ann.until("joined")
        await bob.connect({"name": "bob"})
        await bob.until("joined")
        await ann.until("joined", 2)
        out.append([ann.journal[:], bob.journal[:]])
        for name in ("false", "refused"):
            other = Browser(url)
            with pytest.raises(reference.exceptions.ConnectionError):
                await other.connect({"name": name})
            out.append([name, other.journal])
        out.append(await ann.call("echo", 1, b"\x00", {"a": [b"x", None]}))
        out.append(await ann.call("ask", bob.sid(), "why?"))
        out.append(await ann.call("ask", ann.sid(), "me?"))
        out.append(await ann.call("ask_late", bob.sid()))
        out.append(await bob.call("enter", "r1"))
        out.append(await ann.call("say", "r1", "hello"))
        await bob.until("said")
        out.append(await bob.call("leave", "r1"))
        out.append(await ann.call("say", "r1", "nobody"))
        out.append(await ann.call("session", "k", [1]))
        await ann.emit("ticks", 200)
        out.append(await ann.until("tick", 200))
        await ann.emit("from_a_thread")
        out.append(await ann.until("threaded"))
        await ann.emit("callback")
        out.append(await ann.until("called back"))
        slow = asyncio.ensure_future(ann.call("beside", "slow"))
        await ann.until("began")
        out.append([await ann.call("beside", "fast"), slow.done()])
        out.append([await ann.call("beside", "release"), await slow])
        out.append(await ann.call("kick", bob.sid()))
        await ann.until("left")
        out.append([bob.received("said"), ann.received("left")])
        out.append(await ann.call("what"))
    async with Browser(url, ["/chat"]) as chat:
        await chat.connect()
        await chat.until("hi")
        out.append(await chat.call("message", "x", namespace="/chat"))
        out.append(await chat.until("message"))
    return out


async def run(module: str, mode: str, hub: Hub, spawn: Any, *more: str) -> list[Any]:
    port = free_port()
    app = spawn("story_sync.py", module, mode, str(port), *more, HUB_ADDRESS=hub.address)
    wait_for(lambda: is_open(port), f"the application: {app.text}")
    page = await asyncio.to_thread(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/x").read())
    assert page == b"a page"
    return await story(hub.url if module != "socketio" else f"http://127.0.0.1:{port}")


@pytest.mark.parametrize("mode", ["threading", "gevent", "eventlet"])
async def test_browsers_see_the_same(hub: Hub, spawn: Any, mode: str) -> None:
    expected = await run("socketio", "threading", hub, spawn)
    got = await run("siohub.socketio", mode, hub, spawn)
    assert not [(want, have) for want, have in zip(expected, got, strict=True) if want != have]
