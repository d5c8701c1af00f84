"""How applications start, fork and write without a server."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import socketio as reference
from browser import Browser
from conftest import APPS, HERE, Hub, free_port, is_open, wait_for

import siohub


async def test_a_mounted_application_attaches_without_a_request(hub: Hub, spawn: Any) -> None:
    app = spawn("mounted.py", HUB_ADDRESS=hub.address, PORT=str(free_port()))
    async with Browser(hub.url) as browser:
        await browser.connect()
        assert await browser.call("who") == app.popen.pid
        assert browser.received("welcome") == [["/", "welcome", app.popen.pid]]


@pytest.mark.parametrize("how", ["alone", "beside"])
def test_a_mistake_in_the_options_ends_the_web_server(spawn: Any, how: str) -> None:
    app = spawn("started.py", how, HUB_ADDRESS="http://127.0.0.1:1", PORT=str(free_port()))
    assert app.popen.wait(30) != 0
    assert "is an address for browsers" in app.text and "Application startup failed" in app.text
    assert "Traceback" not in app.text


async def test_a_hub_that_comes_late_is_told_as_loudly_as_its_absence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "siohub")
    ports = (free_port(), free_port(), free_port())
    service = siohub.Service("late", siohub.Options(hub=f"127.0.0.1:{ports[1]}", backoff_max=0.2))
    service.namespace("/").allow_anyone()
    running = asyncio.ensure_future(service.run())
    async with asyncio.timeout(20):
        while not caplog.records:
            await asyncio.sleep(0.01)
    hub = await asyncio.to_thread(Hub, tmp_path / "hub.log", ports=ports)
    try:
        await asyncio.wait_for(service.attached(), 20)
        said = [record.getMessage() for record in caplog.records]
        assert said[0].startswith("no hub at") and said[-1].startswith("attached to hub")
        await service.close()
        await running
    finally:
        hub.close()


async def test_a_script_that_another_program_runs(hub: Hub, spawn: Any) -> None:
    app = spawn("run_moved.py", str(APPS / "waiting.py"), HUB_ADDRESS=hub.address)
    async with Browser(hub.url) as browser:
        await browser.connect()
        assert await browser.call("who") == app.popen.pid


async def test_always_connect_decides_afterwards(hub: Hub, spawn: Any) -> None:
    spawn("mounted.py", HUB_ADDRESS=hub.address, PORT=str(free_port()), ALWAYS="1")
    async with Browser(hub.url) as browser, Browser(hub.url) as refused:
        await browser.connect()
        await browser.call("who")
        assert len(browser.received("welcome")) == 1
        await refused.connect({"name": "false"})
        await refused.until("welcome")
        async with asyncio.timeout(10):
            while refused.client.connected:
                await asyncio.sleep(0.01)


async def test_workers_share_the_browsers(hub: Hub, spawn: Any) -> None:
    port = free_port()
    app = spawn("workers.py", str(port), HUB_ADDRESS=hub.address)
    wait_for(lambda: is_open(port), "uvicorn")
    pages = await asyncio.to_thread(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/page").read())
    assert pages == b'{"page":true}'
    wait_for(lambda: is_attached(hub, 3), f"three workers: {app.text}")
    browsers = [await Browser(hub.url).connect() for _ in range(12)]
    pids = {await b.call("who") for b in browsers}
    assert len(pids) == 3 and app.popen.pid not in pids
    for browser in browsers:
        await browser.close()
    app.terminate()


def is_attached(hub: Hub, count: int) -> bool:
    text = urllib.request.urlopen(f"http://127.0.0.1:{hub.admin}/metrics").read().decode()
    lines = [line for line in text.splitlines() if line.startswith("hub_streams{")]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines) >= count


SCRIPT = """
import sys
import {how}
import siohub.socketio as socketio
manager = socketio.RedisManager(write_only=True)
for n in range(5):
    manager.emit("script", n, room=sys.argv[1])
import asyncio
async def main():
    await socketio.AsyncRedisManager(write_only=True).emit("script", 5, to=sys.argv[1])
if "gevent" not in sys.modules and "eventlet" not in sys.modules:
    asyncio.run(main())
    asyncio.run(main())
"""


@pytest.mark.parametrize("how", ["os", "gevent.monkey; gevent.monkey.patch_all()", "eventlet; eventlet.monkey_patch()"])
async def test_a_script_emits_and_ends(hub: Hub, spawn: Any, how: str) -> None:
    spawn("mounted.py", HUB_ADDRESS=hub.address, PORT=str(free_port()))
    async with Browser(hub.url) as browser:
        await browser.connect()
        env = {**os.environ, "HUB_ADDRESS": hub.address, "PYTHONPATH": str(HERE.parent / "src")}
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-W", "ignore", "-c", SCRIPT.format(how=how), browser.sid()],
            env=env, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        expected = [0, 1, 2, 3, 4] + ([5, 5] if how == "os" else [])
        got = await browser.until("script", len(expected))
        assert [entry[2] for entry in got] == expected


async def test_a_hub_that_ends_is_told_and_its_browsers_come_back(hub: Hub, spawn: Any, tmp_path: Any) -> None:
    journal = tmp_path / "journal"
    spawn("deploy_async.py", str(free_port()), str(journal), HUB_ADDRESS=hub.address)
    client = reference.AsyncClient(reconnection_delay=0.1, reconnection_delay_max=0.3)
    connects: list[int] = []
    client.on("connect", lambda: connects.append(1))
    await client.connect(hub.url, auth={"name": "ann"}, headers={"X-Name": "ann"}, wait_timeout=20)
    assert (await client.call("work", 1, timeout=20))[0] == "ann"
    hub.kill()
    again = hub.again()
    try:
        async with asyncio.timeout(30):
            while len(connects) < 2:
                await asyncio.sleep(0.05)
        assert (await client.call("work", 2, timeout=20))[:2] == ["ann", 2]
        lines = journal.read_text().splitlines()
        assert lines.index("disconnect ann transport_error") and lines.count("connect ann") == 2, lines
        await client.disconnect()
    finally:
        again.close()


EMITS = """
import asyncio
import sys
import siohub.socketio as socketio
if sys.argv[2] == "async":
    async def main():
        sio = socketio.AsyncServer()
        await sio.emit("script", 1, to=sys.argv[1])
        await asyncio.to_thread(sys.stdin.readline)  # until the test has looked
        assert sio.served_namespaces() == []
        await sio.shutdown()
    asyncio.run(main())
else:
    sio = socketio.Server(async_mode="threading")
    sio.emit("script", 1, to=sys.argv[1])
    sys.stdin.readline()
    sio.shutdown()
"""


@pytest.mark.parametrize("how", ["async", "sync"])
async def test_a_server_that_only_emits_lets_nobody_in(hub: Hub, spawn: Any, how: str) -> None:
    app = spawn("mounted.py", HUB_ADDRESS=hub.address, PORT=str(free_port()))
    async with Browser(hub.url) as browser:
        await browser.connect()
        env = {**os.environ, "HUB_ADDRESS": hub.address, "PYTHONPATH": str(HERE.parent / "src")}
        script = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            EMITS,
            browser.sid(),
            how,
            env=env,
            stdin=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        await browser.until("script")
        for _ in range(4):
            async with Browser(hub.url) as other:
                await other.connect()
                assert await other.call("who") == app.popen.pid
        _, errors = await script.communicate(b"\n")
        assert script.returncode == 0, errors.decode()
