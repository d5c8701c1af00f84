"""Each example with a real hub and a real client."""

from __future__ import annotations

import asyncio
import os
import sys
import urllib.request
from pathlib import Path

import pytest
import socketio as reference
from browser import Browser
from conftest import HERE, Hub, Process, free_port, is_open, wait_for

EXAMPLES = HERE.parent / "examples"


def start(tmp_path: Path, hub: Hub, *command: str, cwd: Path = EXAMPLES, **env: str) -> Process:
    path = f"{HERE.parent / 'src'}:{cwd}"
    log = tmp_path / f"example-{free_port()}.log"
    variables = {"HUB_ADDRESS": hub.address, "PYTHONPATH": path, **env}
    return Process([sys.executable, "-W", "ignore", *command], log, {**os.environ, **variables}, cwd)


def request(url: str, method: str = "GET") -> tuple[str, str]:
    """The text, and the cookies that came."""
    with urllib.request.urlopen(urllib.request.Request(url, method=method)) as response:
        cookies = [c.split(";")[0] for c in response.headers.get_all("Set-Cookie") or ()]
        return response.read().decode(), "; ".join(cookies)


async def test_fastapi(hub: Hub, tmp_path: Path) -> None:
    port = free_port()
    app = start(tmp_path, hub, "-m", "uvicorn", "--port", str(port), "--workers", "2", "fastapi_chat:app")
    try:
        wait_for(lambda: is_open(port), app.text)
        async with Browser(hub.url) as ann, Browser(hub.url) as bob:
            with pytest.raises(reference.exceptions.ConnectionError):
                await Browser(hub.url).connect({})
            await ann.connect({"name": "ann"})
            await bob.connect({"name": "bob"})
            assert (await ann.until("joined"))[0][2] == "bob"
            assert await bob.call("message", "hello") == {"ok": True}
            assert (await ann.until("message"))[0][2] == {"from": "bob", "text": "hello"}
            await asyncio.to_thread(request, f"http://127.0.0.1:{port}/announce/now", "POST")
            await asyncio.gather(ann.until("announcement"), bob.until("announcement"))
            await bob.close()
            assert (await ann.until("left"))[0][2]["name"] == "bob"
    finally:
        app.terminate()
        app.close()


async def test_flask(hub: Hub, tmp_path: Path) -> None:
    port = free_port()
    app = start(tmp_path, hub, "flask_chat.py", str(port))
    try:
        wait_for(lambda: is_open(port), app.text)
        _, cookie = await asyncio.to_thread(request, f"http://127.0.0.1:{port}/login/ann", "POST")
        async with Browser(hub.url) as ann, Browser(hub.url) as bob:
            with pytest.raises(reference.exceptions.ConnectionError):
                await Browser(hub.url).connect()
            await ann.connect(headers={"Cookie": cookie})
            _, other = await asyncio.to_thread(request, f"http://127.0.0.1:{port}/login/bob", "POST")
            await bob.connect(headers={"Cookie": other})
            assert (await ann.until("joined"))[0][2] == "bob"
            assert (await bob.call("message", "hi")).startswith("message 1 of ")
            assert (await bob.call("message", "hi")).startswith("message 2 of ")
            assert (await ann.until("message", 2))[0][2] == {"from": "bob", "text": "hi"}
    finally:
        app.close()


async def test_django(hub: Hub, tmp_path: Path) -> None:
    port = free_port()
    cwd = EXAMPLES / "django_chat"
    app = start(tmp_path, hub, "manage.py", "runserver", "--noreload", str(port), cwd=cwd)
    try:
        wait_for(lambda: is_open(port), app.text)
        _, cookie = await asyncio.to_thread(request, f"http://127.0.0.1:{port}/login/ann")
        async with Browser(hub.url) as ann:
            with pytest.raises(reference.exceptions.ConnectionError):
                await Browser(hub.url).connect()
            await ann.connect(headers={"Cookie": cookie})
            assert await ann.call("message", "hi") == "ann"
            await asyncio.to_thread(request, f"http://127.0.0.1:{port}/announce/now")
            await ann.until("announcement")
    finally:
        app.close()
