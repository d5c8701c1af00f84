"""Flask: browsers see what they see with Flask-SocketIO."""

from __future__ import annotations

import asyncio
import urllib.request
from typing import Any

import pytest
import socketio as reference
from browser import Browser
from conftest import Hub, free_port, is_open, wait_for

ANSWERS = {"question": lambda q: ["answer to", q]}


async def get(url: str) -> str:
    return await asyncio.to_thread(lambda: urllib.request.urlopen(url).read().decode())


async def story(url: str, site: str) -> list[Any]:
    out: list[Any] = [await get(site + "/page")]
    async with Browser(url + "?q=5", answers=ANSWERS) as ann, Browser(url, answers=ANSWERS) as bob:
        await ann.connect({"name": "ann"})
        await ann.until("welcome")
        await bob.connect({"name": "bob"})
        await bob.until("welcome")
        await ann.until("joined")
        out.append([ann.journal[:], bob.journal[:]])
        for name in ("false", "refused"):
            other = Browser(url)
            with pytest.raises(reference.exceptions.ConnectionError):
                await other.connect({"name": name})
            out.append([name, other.journal])
        out += [await ann.call("echo", 1, b"\x00"), await ann.call("echo"), await bob.call("echo", "x")]
        await ann.emit("all", "hello")
        await bob.until("all")
        await ann.emit("others", "hello")
        await bob.until("others")
        await ann.emit("send", "to me")
        await ann.until("json")
        out.append(await ann.call("ask", "why?"))
        out.append(await ann.call("rooms", "r1"))
        await ann.emit("later")
        await ann.until("later")
        out.append(await ann.call("bad"))
        await get(site + "/shout/loud")
        await bob.until("shout")
        await ann.until("shout")
        await bob.emit("bye")
        await ann.until("left")
        out += [ann.journal[1:], bob.journal[1:], await ann.call("what")]
    async with Browser(url, ["/chat"]) as chat:
        await chat.connect()
        await chat.until("hi")
        out.append(await chat.call("message", "x", namespace="/chat"))
        out.append(await chat.until("message"))
    return out


async def run(module: str, mode: str, hub: Hub, spawn: Any) -> list[Any]:
    port = free_port()
    app = spawn("story_flask.py", module, mode, str(port), HUB_ADDRESS=hub.address)
    wait_for(lambda: is_open(port), f"the application: {app.text}")
    site = f"http://127.0.0.1:{port}"
    return await story(hub.url if module.startswith("siohub") else site, site)


@pytest.mark.parametrize("mode", ["threading", "gevent", "eventlet"])
async def test_browsers_see_the_same(hub: Hub, spawn: Any, mode: str) -> None:
    expected = await run("flask_socketio", "threading", hub, spawn)
    got = await run("siohub.flask_socketio", mode, hub, spawn)
    assert not [(want, have) for want, have in zip(expected, got, strict=True) if want != have]
