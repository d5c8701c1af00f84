"""Processes are killed and replaced, hubs are restarted; browsers notice nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

from browser import Browser
from conftest import Hub, free_port, is_open, wait_for

NAMES = [f"n{i}" for i in range(8)]


class Fleet:
    """So many processes of deploy_async.py."""

    def __init__(self, hub: Hub, spawn: Any, journal: Path, **env: str) -> None:
        self.hub, self.spawn, self.journal, self.env = hub, spawn, journal, env
        self.processes: list[Any] = []

    def start(self) -> Any:
        port = free_port()
        process = self.spawn("deploy_async.py", str(port), str(self.journal), HUB_ADDRESS=self.hub.address, **self.env)
        wait_for(lambda: is_open(port), "a process")
        self.processes.append(process)
        return process

    async def works(self, calls: int = 24) -> None:
        """Waits for so many more calls of browsers."""
        before = sum(self.lines("work").values())
        await asyncio.to_thread(wait_for, lambda: sum(self.lines("work").values()) >= before + calls, "work")

    def lines(self, first: str) -> Counter[str]:
        text = self.journal.read_text() if self.journal.exists() else ""
        return Counter(line for line in text.splitlines() if line.startswith(first + " "))


async def browsers(hub: Hub) -> list[Browser]:
    made = [Browser(hub.url) for _ in NAMES]
    await asyncio.gather(*(b.connect({"name": n}, headers={"X-Name": n}) for b, n in zip(made, NAMES, strict=True)))
    return made


async def keep_working(all_: list[Browser], stop: asyncio.Event) -> list[int]:
    """Each browser calls again and again; nothing that was acknowledged may be lost, and no call
    stays without an answer."""

    async def one(browser: Browser, name: str) -> int:
        number = 0
        while not stop.is_set():
            number += 1
            answer = await browser.call("work", number, timeout=40)
            assert answer[:4] == [name, number, True, name], answer
            await asyncio.sleep(0.01)
        return number

    return await asyncio.gather(*(one(b, n) for b, n in zip(all_, NAMES, strict=True)))


async def check(all_: list[Browser], done: list[int], fleet: Fleet) -> None:
    worked = fleet.lines("work")
    for name, count in zip(NAMES, done, strict=True):
        missing = [n for n in range(1, count + 1) if not worked[f"work {name} {n}"]]
        assert not missing, (name, missing)
    await all_[0].emit("tell", "everybody")
    for browser in all_:
        assert browser.client.connected
        await browser.until("told")
        assert len(browser.received("told")) == 1, "one copy for each"
        assert len(browser.received("welcome")) == 1, "a welcome is not sent twice"
    assert all(n == 1 for n in fleet.lines("connect").values()) and len(fleet.lines("connect")) == len(NAMES)
    assert not fleet.lines("disconnect")


async def test_processes_are_killed_while_browsers_work(hub: Hub, spawn: Any, tmp_path: Path) -> None:
    fleet = Fleet(hub, spawn, tmp_path / "journal")
    for _ in range(3):
        fleet.start()
    all_ = await browsers(hub)
    stop = asyncio.Event()
    working = asyncio.ensure_future(keep_working(all_, stop))
    for _ in range(4):
        await fleet.works()
        fleet.processes.pop(0).kill()
        await asyncio.to_thread(fleet.start)
    await fleet.works()
    stop.set()
    await check(all_, await asyncio.wait_for(working, 60), fleet)
    for browser in all_:
        await browser.close()
    await asyncio.to_thread(wait_for, lambda: sum(fleet.lines("disconnect").values()) >= len(NAMES), "the ends")
    assert all(n == 1 for n in fleet.lines("disconnect").values())


async def test_rolling_deploys_of_one_process(hub: Hub, spawn: Any, tmp_path: Path) -> None:
    fleet = Fleet(hub, spawn, tmp_path / "journal")
    fleet.start()
    all_ = await browsers(hub)
    stop = asyncio.Event()
    working = asyncio.ensure_future(keep_working(all_, stop))
    for _ in range(3):
        await fleet.works()
        old = fleet.processes.pop(0)
        await asyncio.to_thread(fleet.start)
        assert await asyncio.to_thread(old.terminate) is not None
    await fleet.works()
    stop.set()
    done = await asyncio.wait_for(working, 60)
    await check(all_, done, fleet)
    # In-place changes of the session went along.
    assert [await b.call("count") for b in all_] == done
    for browser in all_:
        await browser.close()


async def test_a_process_alone_is_killed_and_comes_back(hub: Hub, spawn: Any, tmp_path: Path) -> None:
    fleet = Fleet(hub, spawn, tmp_path / "journal")
    fleet.start()
    all_ = await browsers(hub)
    stop = asyncio.Event()
    working = asyncio.ensure_future(keep_working(all_, stop))
    for _ in range(2):
        await fleet.works()
        fleet.processes.pop(0).kill()
        await asyncio.sleep(0.3)  # browsers call, and nobody is there: there is nothing to see
        await asyncio.to_thread(fleet.start)
    stop.set()
    await check(all_, await asyncio.wait_for(working, 60), fleet)
    for browser in all_:
        await browser.close()


async def test_a_socket_stays_with_its_process_when_others_come(hub: Hub, spawn: Any, tmp_path: Path) -> None:
    other = Hub(tmp_path / "other.log")
    try:
        kept, shared = Fleet(hub, spawn, tmp_path / "kept"), Fleet(other, spawn, tmp_path / "shared", MOVES="1")
        kept.start()
        shared.start()
        all_, movable = await browsers(hub), await browsers(other)
        homes = [(await b.call("work", 1))[4] for b in all_]
        kept.start()
        new = shared.start()
        async with asyncio.timeout(30):  # until that hub has given the new process its share
            while new.popen.pid not in [(await b.call("work", 1))[4] for b in movable]:
                await asyncio.sleep(0.5)  # a socket that works is not idle
        assert [(await b.call("work", 2))[4] for b in all_] == homes
        for browser in all_ + movable:
            await browser.close()
    finally:
        other.close()
