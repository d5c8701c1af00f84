"""Sockets that go from one process of a Service to another one."""

from __future__ import annotations

import asyncio
from typing import Any

from browser import Browser
from conftest import Hub

import siohub


class Life:
    """A process of a service that writes down what it hears of sockets."""

    def __init__(self, hub: Hub, name: str, heard: list[Any]) -> None:
        self.service = siohub.Service("moves", siohub.Options(hub=hub.address, instance_id=name, backoff_max=0.2))
        ns = self.service.namespace("/").allow_anyone()

        @ns.on_connected
        async def connected(c: siohub.service.Connected) -> None:
            heard.append(("connected", name, c.socket.id))

        @ns.on_disconnected
        async def disconnected(d: siohub.service.Disconnected) -> None:
            heard.append((d.reason, name, d.socket.id))

        @ns.on("who")
        async def who(event: siohub.service.Event) -> None:
            event.reply(name)

        self.running = asyncio.ensure_future(self.service.run())

    async def close(self) -> None:
        await self.service.close()
        await self.running


async def test_what_came_from_another_process_is_told_once_and_its_end_when_the_hub_is_lost(hub: Hub) -> None:
    heard: list[Any] = []
    one = Life(hub, "one", heard)
    await one.service.attached()
    again: Hub | None = None
    async with Browser(hub.url) as browser, asyncio.timeout(60):
        await browser.connect()
        sid = browser.sid()
        assert await browser.call("who") == "one"
        two = Life(hub, "two", heard)
        await two.service.attached()
        await one.close()
        assert await browser.call("who") == "two"
        await asyncio.to_thread(hub.kill)
        again = await asyncio.to_thread(hub.again)
        try:
            while len(heard) < 2:
                await asyncio.sleep(0.01)
        finally:
            again.close()
        assert heard == [("connected", "one", sid), ("hub lost", "two", sid)]
        await two.close()
