"""A browser that writes down what happens."""

from __future__ import annotations

import asyncio
from typing import Any

import socketio as reference


class Browser:
    """python-socketio's client, with a journal of what it received in each namespace."""

    def __init__(self, url: str, namespaces: list[str] | None = None, answers: dict[str, Any] | None = None, **kw: Any):
        self.url, self.namespaces = url, namespaces or ["/"]
        self.journal: list[Any] = []
        self.client = reference.AsyncClient(reconnection=False, **kw)
        for namespace in self.namespaces:
            self.client.on("*", self._record(namespace, answers or {}), namespace=namespace)
            self.client.on("connect_error", self._error(namespace), namespace=namespace)

    def _record(self, namespace: str, answers: dict[str, Any]) -> Any:
        async def record(event: str, *args: Any) -> Any:
            self.journal.append([namespace, event, *args])
            answer = answers.get(event)
            return answer(*args) if callable(answer) else answer

        return record

    def _error(self, namespace: str) -> Any:
        async def record(data: Any = None) -> None:
            self.journal.append([namespace, "connect_error", data])

        return record

    async def __aenter__(self) -> Browser:
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.close()

    async def connect(self, auth: Any = None, **kw: Any) -> Browser:
        await self.client.connect(self.url, namespaces=self.namespaces, auth=auth, wait_timeout=20, **kw)
        return self

    def sid(self, namespace: str = "/") -> str:
        return self.client.get_sid(namespace) or ""

    async def call(self, event: str, *args: Any, namespace: str = "/", timeout: float = 20) -> Any:
        return await self.client.call(event, tuple(args), namespace=namespace, timeout=timeout)

    async def emit(self, event: str, *args: Any, namespace: str = "/") -> None:
        await self.client.emit(event, tuple(args), namespace=namespace)

    def received(self, event: str) -> list[Any]:
        return [entry for entry in self.journal if entry[1] == event]

    async def until(self, event: str, count: int = 1, patience: float = 20) -> list[Any]:
        """Waits for so many of an event."""
        async with asyncio.timeout(patience) if hasattr(asyncio, "timeout") else _Timeout(patience):
            while len(self.received(event)) < count:
                await asyncio.sleep(0.01)
        return self.received(event)

    async def until_gone(self, patience: float = 20) -> None:
        """Waits until it was disconnected."""
        async with asyncio.timeout(patience) if hasattr(asyncio, "timeout") else _Timeout(patience):
            while self.client.connected:
                await asyncio.sleep(0.01)

    async def close(self) -> None:
        await self.client.disconnect()


class _Timeout:
    """asyncio.timeout of Python 3.10."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.handle = asyncio.get_running_loop().call_later(self.seconds, task.cancel)

    async def __aexit__(self, *_: Any) -> None:
        self.handle.cancel()
