"""Two hubs that share an engine: a process is attached to both, and browsers of either see the
same."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Browser
from conftest import Hub, free_port, is_open, wait_for
from test_deploy import Fleet

pytestmark = pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed")


@pytest.fixture
def hubs(tmp_path: Path) -> Iterator[list[Hub]]:
    port = free_port()
    redis = subprocess.Popen(["redis-server", "--port", str(port), "--save", "", "--bind", "127.0.0.1"], cwd=tmp_path,
                             stdout=subprocess.DEVNULL)  # fmt: skip
    wait_for(lambda: is_open(port), "redis")
    engine = ("--cluster-engine", "redis", "--cluster-url", f"redis://127.0.0.1:{port}")
    made = [Hub(tmp_path / f"hub{n}.log", *engine) for n in range(2)]
    yield made
    for hub in made:
        hub.close()
    redis.kill()
    redis.wait()


async def test_browsers_of_both_hubs(hubs: list[Hub], spawn: Any, tmp_path: Path) -> None:
    fleet = Fleet(hubs[0], spawn, tmp_path / "journal")
    fleet.hub = type("Both", (), {"address": f"{hubs[0].address},{hubs[1].address}"})()  # type: ignore[assignment]
    for _ in range(2):
        fleet.start()
    browsers = [Browser(hub.url) for hub in hubs * 3]
    for n, browser in enumerate(browsers):
        await browser.connect({"name": f"n{n}"}, headers={"X-Name": f"n{n}"})
        assert (await browser.call("work", 1))[:4] == [f"n{n}", 1, True, f"n{n}"]
    for n, browser in enumerate(browsers):
        await browser.emit("tell", f"from {n}")
    for browser in browsers:
        told = await browser.until("told", len(browsers))
        assert sorted(entry[2] for entry in told) == [f"from {n}" for n in range(len(browsers))]
    # One hub is killed: its browsers have gone, which is told once for each; the others go on.
    hubs[1].kill()
    staying = browsers[0::2]
    await asyncio.gather(*(b.call("work", 2) for b in staying))
    wait = asyncio.to_thread(wait_for, lambda: sum(fleet.lines("disconnect").values()) >= 3, "hub lost", 60)
    await wait
    lost = fleet.lines("disconnect")
    assert lost == {f"disconnect n{n} transport_error": 1 for n in (1, 3, 5)}
    await staying[0].emit("tell", "after")
    for browser in staying:
        assert (await browser.until("told", len(browsers) + 1))[-1][2] == "after"
        await browser.close()
