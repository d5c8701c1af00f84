"""An application that was written for python-socketio before anybody looked into the kit: its
import is changed and nothing else."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from conftest import APPS, Hub, free_port, is_open, wait_for

pytest.register_assert_rewrite("auction_story")
from auction_story import enter, story

IMPORT = "import socketio\n"


class Office:
    """So many processes of the application, before and after its import was changed."""

    def __init__(self, directory: Path, spawn: Any, hub: Hub | None) -> None:
        text = (APPS / "auction.py").read_text()
        assert text.count(IMPORT) == 1
        self.source = directory / "auction.py"
        self.source.write_text(text.replace(IMPORT, "import siohub.socketio as socketio\n") if hub else text)
        self.database = str(directory / "auction.db")
        self.spawn, self.hub = spawn, hub

    def start(self) -> Any:
        port = free_port()
        env = {"HUB_ADDRESS": self.hub.address} if self.hub else {}
        process = self.spawn(str(self.source), str(port), self.database, **env)
        process.url = f"http://127.0.0.1:{port}"
        wait_for(lambda: is_open(port) or process.popen.poll() is not None, "the application")
        assert process.popen.poll() is None, process.text
        return process


@pytest.mark.parametrize("processes", [0, 1, 3], ids=["python-socketio", "one process", "three processes"])
async def test_the_story_of_an_auction(hub: Hub, spawn: Any, tmp_path: Path, processes: int) -> None:
    office = Office(tmp_path, spawn, hub if processes else None)
    offices = [office.start().url for _ in range(processes or 1)]
    await story(hub.url if processes else offices[0], offices, office.database)


NAMES = [f"n{i}" for i in range(9)]


class Crowd:
    """Bidders who work all the time, while processes come and go."""

    def __init__(self, hub: Hub, office: Office) -> None:
        self.hub, self.office = hub, office
        self.over = False

    async def arrive(self) -> None:
        self.bidders = [await enter(self.hub.url, name) for name in NAMES]
        for bidder in self.bidders:
            await bidder.call("lot:watch", "vase")
        self.working = asyncio.gather(*(self._work(b, n) for b, n in zip(self.bidders, NAMES, strict=True)))

    async def _work(self, bidder: Any, name: str) -> int:
        count = 0
        while not self.over:
            count += 1
            assert await bidder.call("keep", f"{name}-{count}", timeout=40) == [f"{name}-{count}", name]
            await asyncio.sleep(0.005)
        return count

    async def settle(self, killed: bool) -> None:
        """Everything that holds at the end."""
        self.over = True
        counts = await asyncio.wait_for(self.working, 60)
        rows = sqlite3.connect(self.office.database).execute
        handled = Counter(row[0] for row in rows("SELECT id FROM handled"))
        wanted = {f"{name}-{n}" for name, count in zip(NAMES, counts, strict=True) for n in range(1, count + 1)}
        assert not wanted - set(handled), "an acknowledged event was lost"
        if not killed:
            assert set(handled.values()) == {1}, "an orderly end repeats nothing"
        await self.bidders[0].call("chat", "are you there?")
        for bidder, name in zip(self.bidders, NAMES, strict=True):
            assert bidder.client.connected
            assert len(bidder.received("welcome")) == 1
            kept = Counter(entry[2] for entry in bidder.received("kept"))
            assert set(kept) == {i for i in handled if i.startswith(f"{name}-")}
            assert (await bidder.call("me"))["session"] == {"name": name, "host": False, "lots": ["vase"], "bids": 0}
            if bidder is not self.bidders[0]:
                assert len(await bidder.until("chat")) == 1
        assert sorted(row[0] for row in rows("SELECT name FROM joins")) == NAMES
        assert not list(rows("SELECT * FROM leaves"))
        for bidder in self.bidders:
            await bidder.close()


@pytest.mark.parametrize("how", ["killed", "deployed"])
@pytest.mark.parametrize("count", [1, 3])
async def test_bidders_do_not_notice(hub: Hub, spawn: Any, tmp_path: Path, count: int, how: str) -> None:
    office = Office(tmp_path, spawn, hub)
    processes = [office.start() for _ in range(count)]
    crowd = Crowd(hub, office)
    await crowd.arrive()
    for _ in range(3):
        for _ in range(count):
            await asyncio.sleep(0.2)
            old = processes.pop(0)
            if how == "killed":
                old.kill()
            processes.append(await asyncio.to_thread(office.start))
            if how == "deployed":
                assert await asyncio.to_thread(old.terminate) == -signal.SIGTERM  # uvicorn ends so
    await crowd.settle(how == "killed")
