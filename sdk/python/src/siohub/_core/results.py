"""Who waits for the result of which command, at one attachment."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any


class Place:
    """Where the results of one command come. `last` gives the last one; None says that the
    command has not left and may go to another hub. It fails with nothing but cancellation:
    the end of the attachment gives `ended`."""

    __slots__ = ("id", "last", "on_part", "parts")

    def __init__(self, number: int, last: asyncio.Future[Any], on_part: Callable[[Any], None] | None) -> None:
        self.id, self.last, self.on_part = number, last, on_part
        self.parts: list[Any] = []


ENDED = object()  # instead of a result: the attachment has ended


class Results:
    """The places of one attachment, as many as the hub's command window."""

    def __init__(self, window: int, loop: asyncio.AbstractEventLoop) -> None:
        self.window = max(window, 1)
        self.ended = False
        self._loop = loop
        self._number = 0
        self._places: dict[int, Place] = {}
        self._waiters: deque[asyncio.Future[None]] = deque()
        self.drained: Callable[[], None] | None = None  # told when nothing is waited for

    def __len__(self) -> int:
        return len(self._places)

    async def reserve(self, on_part: Callable[[Any], None] | None = None) -> Place | None:
        """Takes a place, waiting while the window is full. None once ended."""
        while not self.ended and len(self._places) >= self.window:
            waiter: asyncio.Future[None] = self._loop.create_future()
            self._waiters.append(waiter)
            await waiter
        if self.ended:
            return None
        return self._take(on_part)

    def reserve_now(self, on_part: Callable[[Any], None] | None = None) -> Place | None:
        """reserve where there is no need to wait; None otherwise."""
        return None if self.ended or self._waiters or len(self._places) >= self.window else self._take(on_part)

    def _take(self, on_part: Callable[[Any], None] | None) -> Place:
        self._number += 1
        place = Place(self._number, self._loop.create_future(), on_part)
        self._places[place.id] = place
        return place

    def give_back(self, command_id: int) -> None:
        """A command never left: who waits is told, and finds another hub."""
        place = self._free(command_id)
        if place is not None and not place.last.done():
            place.last.set_result(None)

    def deliver(self, result: Any) -> None:
        """Hands a result to who waits for it."""
        if result.more:
            place = self._places.get(result.command_id)
            if place is not None and not place.last.done():
                place.on_part(result) if place.on_part is not None else place.parts.append(result)
            return
        place = self._free(result.command_id)
        if place is not None and not place.last.done():
            place.last.set_result(result)

    def fail(self) -> None:
        """Tells everybody that the attachment has ended."""
        self.ended = True
        places, self._places = self._places, {}
        for place in places.values():
            if not place.last.done():
                place.last.set_result(ENDED)
        while self._waiters:
            self._rouse()
        self._tell()

    def _free(self, command_id: int) -> Place | None:
        place = self._places.pop(command_id, None)
        if place is not None:
            self._rouse()
            self._tell()
        return place

    def _rouse(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def _tell(self) -> None:
        if not self._places and self.drained is not None:
            self.drained()
