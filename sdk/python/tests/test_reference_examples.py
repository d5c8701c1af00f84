"""The examples of python-socketio and Flask-SocketIO, as they are: their servers listen on ports 5000
and 8080, a browser does what their pages do."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
import requests
from browser import Browser
from conftest import Hub, is_open, wait_for

CHECKOUT = Path(os.environ.get("SIOHUB_PYTHON_SOCKETIO", "/nonexistent")) / "examples" / "server"
FLASK = Path(os.environ.get("SIOHUB_FLASK_SOCKETIO", "/nonexistent")) / "example"
EXAMPLES = [
    "asgi/app.py", "asgi/fiddle.py", "asgi/latency.py", "asgi/fastapi-fiddle.py", "aiohttp/app.py", "aiohttp/fiddle.py",
    "aiohttp/latency.py", "wsgi/app.py", "wsgi/fiddle.py", "wsgi/latency.py",
]  # fmt: skip


async def data(browser: Browser, count: int) -> list[Any]:
    """What the page shows, and what it was asked to: the server has a clock of its own."""
    shown: list[Any] = []

    def enough() -> bool:
        shown[:] = [e[2]["data"] for e in browser.received("my_response") if e[2]["data"] != "Server generated event"]
        return len(shown) >= count

    await asyncio.to_thread(wait_for, enough, f"{count} responses: {browser.journal}")
    return shown[:count]


async def app(url: str, space: str = "_") -> None:
    ann, bob = await Browser(url).connect(), await Browser(url).connect()
    for browser in (ann, bob):
        assert await data(browser, 1) == ["Connected"]
    await ann.emit("my_event", {"data": "me"})
    await ann.emit("join", {"room": "r"})
    assert (await data(ann, 3))[1:] in (["me", "Entered room: r"], ["me", f"In rooms: {ann.sid()}, r"])
    await bob.emit("my_broadcast_event", {"data": "all"})
    await data(bob, 2)
    await bob.emit("join", {"room": "r"})
    await data(bob, 3)
    await ann.emit("my_room_event", {"room": "r", "data": "to the room"})
    assert (await data(bob, 4))[3] == (await data(ann, 5))[4] == "to the room"
    await ann.emit("leave", {"room": "r"})
    await data(ann, 6)
    await bob.emit(f"close{space}room", {"room": "r"})
    assert "closing" in (await data(bob, 5))[4]
    await bob.emit(f"disconnect{space}request")
    await asyncio.to_thread(wait_for, lambda: not bob.client.connected, "the end")
    await ann.close()


async def fiddle(url: str) -> None:
    browser = Browser(url)
    await browser.connect({"token": "x"})
    assert (await browser.until("hello"))[0][2:] == [1, 2, {"hello": "you"}]
    await browser.close()


async def latency(url: str) -> None:
    browser = await Browser(url).connect()
    for _ in range(3):
        await browser.emit("ping_from_client")
    await browser.until("pong_from_server", 3)
    await browser.close()


def started(spawn: Any, hub: Hub, main: Path) -> Any:
    """The example, once its page is there."""
    port = 8080 if main.parts[-2:] == ("aiohttp", "latency.py") else 5000
    assert not is_open(port), f"port {port} is somebody's"
    process = spawn("run_moved.py", str(main), HUB_ADDRESS=hub.address)
    wait_for(lambda: is_open(port) or process.popen.poll() is not None, "the example")
    assert process.popen.poll() is None, process.text
    answer = requests.get(f"http://127.0.0.1:{port}/", timeout=20)
    assert answer.status_code == 200 and "socket.io" in answer.text, process.text
    return process


@pytest.mark.skipif(not CHECKOUT.exists(), reason="SIOHUB_PYTHON_SOCKETIO is no checkout of python-socketio")
@pytest.mark.parametrize("example", EXAMPLES)
async def test_examples_of_python_socketio(hub: Hub, spawn: Any, example: str) -> None:
    process = await asyncio.to_thread(started, spawn, hub, CHECKOUT / example)
    if example.endswith("app.py"):
        await app(hub.url, " " if example == "asgi/app.py" else "_")
    else:
        await (latency if example.endswith("latency.py") else fiddle)(hub.url)
    assert "Traceback" not in process.text, process.text


@pytest.mark.skipif(not FLASK.exists(), reason="SIOHUB_FLASK_SOCKETIO is no checkout of Flask-SocketIO")
@pytest.mark.parametrize("mode", ["threading", "gevent", "eventlet"])
@pytest.mark.parametrize("example", ["app.py", "app_namespace.py"])
async def test_examples_of_flask_socketio(hub: Hub, spawn: Any, tmp_path: Path, example: str, mode: str) -> None:
    for file in FLASK.rglob("*.*"):
        copy = tmp_path / "example" / file.relative_to(FLASK)
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = file.read_text().replace("async_mode = None", f"async_mode = {mode!r}")
        if mode == "threading":  # Flask-SocketIO refuses it without a terminal
            text = text.replace("socketio.run(app", "socketio.run(app, allow_unsafe_werkzeug=True")
        copy.write_text(text)
    process = await asyncio.to_thread(started, spawn, hub, tmp_path / "example" / example)
    await app(hub.url)
    assert "Traceback" not in process.text, process.text
