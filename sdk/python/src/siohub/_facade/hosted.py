"""How an AsyncServer reaches its hubs: its core runs on the application's own loop, which is waited for
where the application does not say that it starts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from siohub._core import commands
from siohub._core.line import Answer
from siohub.errors import ConfigError

from .arunner import AsyncRunner
from .base import BaseServer
from .dispatch import Dispatcher
from .host import Host, LoopWatch, call
from .managers import AsyncManager, BaseManager
from .mirror import Entry
from .ready import is_server


class HostedServer(BaseServer):
    """The part of AsyncServer that has a core."""

    _host: Host
    _watch: LoopWatch | None

    def is_asyncio_based(self) -> bool:
        """Handlers may be coroutines."""
        return True

    def _choose_mode(self, mode: str | None) -> str:
        if mode is not None and mode not in ("asgi", "aiohttp", "sanic", "tornado"):
            raise ValueError("Invalid async_mode specified")
        return mode or "asgi"

    def _default_manager(self) -> BaseManager:
        return AsyncManager()

    def _attach(self) -> Host:
        """Attaches on the running loop, once."""
        host = self._started
        if host is None or host.loop.is_closed():
            dispatcher = Dispatcher(self, AsyncRunner(self))
            self._host = self._started = host = Host(self, dispatcher)
            if self._watch is not None:
                self._watch.done = True
        return host  # type: ignore[no-any-return]

    def _attach_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """Attaches on a loop that runs in another thread."""
        loop.call_soon_threadsafe(self._begin_alone)

    def _begin_alone(self) -> None:
        """Serves browsers where nobody hears of a mistake in the options."""
        try:
            self._begin()
        except ConfigError as err:
            logging.getLogger("siohub").error("this process is not attached: %s", err)

    def _begin(self) -> None:
        """Serves browsers, on the running loop."""
        self._serve()
        if self._started is None:
            self._attach()

    def _attach_when_loop_runs(self) -> None:
        """Attaches on the application's loop, which may run later."""
        if not self.attach_automatically or self._serves or self.manager.write_only or not is_server():
            return
        self._will_serve = True
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._watch = self._watch or LoopWatch(self._attach_on)
            return
        loop.call_soon(self._begin_alone)  # once modules are imported

    async def start(self) -> None:
        """Attaches now, and waits until the hub has welcomed this process. Raises HubError when
        every hub refuses it: MissingCapability, StatusError, ConfigError. It is asked again all the
        same until shutdown()."""
        self._serve()
        host = self._attach()
        await call(host.attached(), host.loop)

    async def shutdown(self) -> None:
        """Leaves the hub in order: handlers in flight end, sockets go to other processes."""
        if self._started is not None:
            await call(self._started.close(), self._started.loop)

    def _registered(self) -> None:
        host = getattr(self, "_started", None)
        if host is not None:
            host.loop.call_soon_threadsafe(host.renew)

    def _send_disconnect(self, sid: str, namespace: str, at: str) -> None:
        self._attach().core.line.post(commands.disconnect(commands.target(namespace, sockets=[sid])), at)

    async def _send(self, command: Any, at: str = "") -> None:
        """Queues a command that nobody waits for, from any loop."""
        if self.only_emits():
            await self._do(command, at)
            return
        host = self._attach()
        if host.loop is not asyncio.get_running_loop():
            await call(host.core.line.send(command, at), host.loop)
        elif not host.core.line.post(command, at):
            await host.core.line.send(command, at)

    async def _do(self, command: Any, at: str = "", on_part: Callable[[Any], None] | None = None) -> Answer:
        host = self._attach()
        return await call(host.core.line.do(command, at, on_part), host.loop)  # type: ignore[no-any-return]

    def attach(self, app: Any, socketio_path: str = "socket.io") -> None:
        """Attaches when an aiohttp application starts, and leaves when it ends."""
        on_startup, on_shutdown = getattr(app, "on_startup", None), getattr(app, "on_shutdown", None)
        if on_startup is None or on_shutdown is None:
            self._attach_when_loop_runs()
            return

        async def begin(_: Any) -> None:
            self._begin()

        async def end(_: Any) -> None:
            await self.shutdown()

        self._will_serve = True
        on_startup.append(begin)
        on_shutdown.append(end)

    # What a runner calls.

    def _save(self, entry: Entry) -> None:
        raise NotImplementedError

    async def _trigger_event(self, event: str, namespace: str, *args: Any) -> Any:
        raise NotImplementedError
