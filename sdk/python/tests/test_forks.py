"""Processes that are forked: by the program while it serves, by gunicorn before, by Celery."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from browser import Browser
from conftest import APPS, HERE, Hub, Process, free_port, is_open, wait_for


def environment(hub: Hub, **more: str) -> dict[str, str]:
    path = os.pathsep.join([str(HERE.parent / "src"), str(APPS)])
    return {**os.environ, "HUB_ADDRESS": hub.address, "PYTHONPATH": path, "SIOHUB_LOG": "INFO", **more}


@pytest.mark.parametrize("how", ["manager", "fresh", "server", "process", "locked"])
async def test_a_process_forked_of_a_server_emits(hub: Hub, spawn: Any, how: str) -> None:
    app = spawn("forks.py", HUB_ADDRESS=hub.address)
    async with Browser(hub.url) as browser:
        await browser.connect()
        for _ in range(3):
            assert await browser.call("fork", how) == 0, app.text
            assert await browser.call("pid") == app.popen.pid, "the parent goes on"
        await browser.until("child", 3)


@pytest.mark.parametrize("how", ["manager", "thread", "twice"])
async def test_a_process_forked_of_an_async_server_emits(hub: Hub, spawn: Any, how: str) -> None:
    port = free_port()
    app = spawn("forks_async.py", str(port), HUB_ADDRESS=hub.address)
    wait_for(lambda: is_open(port), "the application")
    async with Browser(hub.url) as browser:
        await browser.connect()
        for _ in range(3):
            assert await browser.call("fork", how) == 0, app.text
            assert await browser.call("pid") == app.popen.pid, "the parent goes on"
        await browser.until("child", 6 if how == "twice" else 3)
    assert "another process" not in app.text, "the child took nothing of its parent's"


@pytest.mark.parametrize("serve", ["wsgi", "asgi"])
async def test_gunicorn_preloads(hub: Hub, tmp_path: Path, serve: str) -> None:
    port = free_port()
    kind = ["--worker-class", "uvicorn_worker.UvicornWorker"] if serve == "asgi" else ["--threads", "4"]
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "gunicorn",
        "--preload",
        "--workers",
        "2",
        "--bind",
        f"127.0.0.1:{port}",
    ]
    process = Process([*command, *kind, f"preloaded:{serve}"], tmp_path / "log", environment(hub, SERVE=serve))
    try:
        seen: set[int] = set()
        async with asyncio.timeout(30):
            while len(seen) < 2:  # both workers serve; a browser waits for the first
                async with Browser(hub.url) as browser:
                    await browser.connect()
                    pid, master = await browser.call("who")
                    assert pid != master == process.popen.pid
                    seen.add(pid)
        assert process.terminate() == 0
    finally:
        process.close()


async def test_celery(hub: Hub, spawn: Any, tmp_path: Path) -> None:
    app = spawn("forks.py", HUB_ADDRESS=hub.address)
    env = environment(hub, BROKER=str(tmp_path / "broker"))
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "celery",
        "-A",
        "celery_app",
        "worker",
        "--pool",
        "prefork",
        "-c",
        "2",
    ]
    celery = Process(
        [*command, "--loglevel", "INFO", "--without-gossip", "--without-mingle"], tmp_path / "log", env, APPS
    )
    try:
        async with Browser(hub.url) as browser:
            await browser.connect()
            tasks = "; ".join(
                f"celery_app.tell.delay({how!r}, {browser.sid()!r})" for how in ("threads", "asyncio", "manager") * 2
            )
            ask = [sys.executable, "-W", "ignore", "-c", f"import celery_app; {tasks}"]
            await asyncio.to_thread(subprocess.run, ask, env=env, check=True, cwd=tmp_path)
            got = await browser.until("task", 6, patience=60)
            assert sorted(entry[2] for entry in got) == ["asyncio"] * 2 + ["manager"] * 2 + ["threads"] * 2, celery.text
            for _ in range(4):
                async with Browser(hub.url) as other:
                    await other.connect()
                    assert await other.call("pid") == app.popen.pid, "a task queue lets nobody in"
    finally:
        celery.terminate()
        celery.close()
