"""Connections to the fake hub: see _core/wire.py."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from siohub._core.status import make_error
from siohub._pb import attach_pb2
from siohub.errors import StatusError

if TYPE_CHECKING:
    from .hub import Hub


class MemoryStream:
    """A Call in memory."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._items: deque[Any] = deque()
        self._ended = False
        self._error: StatusError | None = None
        self._changed = asyncio.Event()
        self._greeted = False
        self.sent = 0

    async def read(self) -> bytes | None:
        """See Call."""
        while not self._items:
            if self._ended:
                if self._error is not None:
                    raise self._error
                return None
            self._changed.clear()
            await self._changed.wait()
        return self._items.popleft().SerializeToString()  # type: ignore[no-any-return]

    async def write(self, envelope: bytes) -> None:
        """See Call."""
        self.sent += 1
        if self._ended:
            return
        request = attach_pb2.AttachRequest.FromString(envelope)
        if not self._greeted:
            self._greeted = True
            self._hub.greet(self, request.actions[0].hello)
            return
        if self._hub.stream is self:
            self._hub.take(request)

    async def finish(self) -> None:
        """See Call."""
        self.end(None)

    def cancel(self) -> None:
        """See Call."""
        if self._hub.stream is self:
            self._hub.stream = None
        self.end(make_error("CANCELLED", "", "broken from this side"))

    def push(self, envelope: Any) -> None:
        """The hub says something."""
        self._items.append(envelope)
        self._changed.set()

    def end(self, error: StatusError | None) -> None:
        """The end."""
        if not self._ended:
            self._ended, self._error = True, error
            self._changed.set()


class MemoryWire:
    """A Wire in memory."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def attach(self) -> MemoryStream:
        """See Wire."""
        return MemoryStream(self._hub)

    async def unary(
        self, method: str, request: Any, answer: Callable[[bytes], Any], timeout: float, token: str = ""
    ) -> Any:
        """Not here."""
        raise make_error("UNIMPLEMENTED", "", "the fake hub has no unary calls")

    async def close(self) -> None:
        """See Wire."""
