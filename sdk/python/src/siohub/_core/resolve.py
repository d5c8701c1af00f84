"""Names that stand for a hub at each of their addresses."""

from __future__ import annotations

import _socket
import asyncio
import socket
from collections.abc import Callable
from typing import Any

from . import native
from .link import Place
from .options import not_a_hub, split_hubs
from .peer import MAX_HUBS

SCHEME = "dns:///"
EVERY, GAP, TIMEOUT = 30.0, 1.0, 10.0  # seconds


def parse_hubs(hubs: str) -> tuple[list[Place], list[str]]:
    """Reads a list of addresses: fixed ones, and NAME:PORT of those to resolve. Raises
    ConfigError."""
    from siohub.errors import ConfigError

    fixed: list[Place] = []
    names: list[str] = []
    for address in split_hubs(hubs):
        not_a_hub(address)
        if not address.startswith(SCHEME):
            fixed.append(Place(address))
            continue
        name = address.removeprefix(SCHEME)
        host, _, port = name.rpartition(":")
        if not host or not port:
            raise ConfigError("hub", f"{address} is not allowed: dns:///NAME:PORT")
        names.append(name)
    if not fixed and not names:
        raise ConfigError("hub", "HOST:PORT or dns:///NAME:PORT, several with commas between them")
    return fixed, names


class Resolver:
    """Keeps the addresses of a name up to date."""

    def __init__(self, name: str, found: Callable[[str, list[Place] | None, Exception | None], None]) -> None:
        self.name, self._found = name, found
        self.again = asyncio.Event()

    async def watch(self) -> None:
        """Resolves every 30 s and when somebody could not be reached. An error leaves what was
        found last."""
        while True:
            try:
                self._found(self.name, await asyncio.wait_for(self.resolve(), TIMEOUT), None)
            except (OSError, asyncio.TimeoutError) as err:
                self._found(self.name, None, err)
            await asyncio.sleep(GAP)
            try:
                await asyncio.wait_for(self.again.wait(), EVERY - GAP)
            except asyncio.TimeoutError:
                pass
            self.again.clear()

    async def resolve(self) -> list[Place]:
        """The places now."""
        host, _, port = self.name.rpartition(":")
        if native.patched():  # executors are made of greenlets there
            infos: Any = _socket.getaddrinfo(host, port, 0, _socket.SOCK_STREAM)
        else:
            infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        hosts = sorted({str(info[4][0]) for info in infos})[:MAX_HUBS]
        return [Place(f"[{h}]:{port}" if ":" in h else f"{h}:{port}", host, "", self.name) for h in hosts]
