"""Service: the kit's own API, with everything that only the hub gives."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from siohub._core.link import HubStatus
from siohub._core.options import Options
from siohub._core.runner import Core
from siohub._pb import subscription_pb2 as pb
from siohub.errors import Closed, ConfigError

from .answers import Observation
from .calls import Calls
from .kinds import HandshakeDetail, Kind
from .namespace import Namespace
from .program import ServiceProgram
from .target import Target


class Observer:
    """One `observe`."""

    def __init__(self, run: Callable[[Observation], Awaitable[Any]], make: Callable[[], Any]) -> None:
        self.run, self.subscription = run, make
        self.waiting = self.skipped = 0


class Service(Calls):
    """One process of an application service: it decides who gets in, answers what browsers say,
    and speaks to them.

        svc = Service("chat")
        chat = svc.namespace("/chat")

        @chat.on_connect
        async def connect(attempt):
            if not (attempt.auth or {}).get("name"):
                raise Deny("who are you?")
            return Accept(user=attempt.auth["name"], rooms=["lobby"])

        @chat.on("message")
        async def message(event):
            await chat.to("lobby").emit("message", event.socket.user, *event.args)
            event.reply("ok")

        asyncio.run(svc.run())

    Handlers of one socket run one at a time and in order, those of different sockets beside each
    other. How a handler ends settles its delivery: in order (dealt with), with Reject (the
    callback gets an error), with Retry (it comes again), with another error (never again;
    logged). It is cancelled when the hub gives the delivery to another try. Commands made in a
    handler belong to its delivery; what a task does later stands alone.

    Everything belongs to the loop of run(). group: the name that all processes share, 1 to 128
    bytes.
    """

    def __init__(self, group: str, options: Options | None = None, *, log: logging.Logger | None = None) -> None:
        if not group or len(group.encode("utf-8", "replace")) > 128:
            raise ConfigError("group", f"{group!r}: 1 to 128 bytes")
        self.group = group
        self.options = (options or Options()).completed()
        self.log = log or logging.getLogger("siohub")
        self._namespaces: dict[str, Namespace] = {}
        self._observers: list[Observer] = []
        self._on_introduced: Callable[[str], Awaitable[Any]] | None = None
        self._on_warning: Callable[[str, Exception], Any] | None = None
        self._core: Core | None = None
        self._running: asyncio.Task[None] | None = None
        self._begun = asyncio.Event()  # run was called
        self._ended = False
        self._said_once: set[str] = set()

    # Registration.

    def namespace(self, name: str, **terms: Any) -> Namespace:
        """The namespace of that name, to register handlers on; the same for the same name. terms
        are those of Namespace."""
        if name not in self._namespaces:
            self._namespaces[name] = Namespace(self, name, **terms)
        elif terms:
            raise ConfigError(f"namespace {name!r}", "its terms were given before")
        return self._namespaces[name]

    def in_(self, namespace: str) -> Target:
        """Targets in a namespace that this service does not handle."""
        return Target(self, namespace)

    def observe(
        self, namespace: str, *, kinds: Sequence[Kind] = (), events: Sequence[str] = (), rooms: Sequence[str] = (),
        users: Sequence[str] = (), sockets: Sequence[str] = (), payloads: bool = False, sample: int = 0,
        handshake: HandshakeDetail = HandshakeDetail.NONE,
    ) -> Callable[[Any], Any]:  # fmt: skip
        """Decorator. Gets copies of what happens in a namespace or a pattern of them, one at a time
        and in order; it delays nobody but itself. sample: one in so many events and emits."""

        def make() -> Any:
            return pb.Subscription(
                role=pb.ROLE_OBSERVER, namespace=namespace, kinds=[int(k) for k in kinds], events=events, rooms=rooms,  # type: ignore[misc]
                users=users, sockets=sockets, payloads=payloads, sample=sample, handshake=int(handshake),  # type: ignore[arg-type]
            )  # fmt: skip

        def register(handler: Any) -> Any:
            self._observers.append(Observer(handler, make))
            return handler

        return register

    def on_introduced(self, handler: Any) -> Any:
        """Hears, with the hub's id, that all live sockets of a hub have been told: whom the program
        knows of that hub beyond them has gone."""
        self._on_introduced = handler
        return handler

    def on_warning(self, handler: Any) -> Any:
        """Is called with a kind, such as DELIVERIES_DROPPED or COMMAND_FAILED, and an error."""
        self._on_warning = handler
        return handler

    # Life.

    async def run(self) -> None:
        """Attaches to the hubs and serves until close() or cancellation; it comes back by itself
        whenever a hub was away. Raises ConfigError when the service is not put together well,
        StatusError when all hubs refuse it for good, Superseded when another process takes its
        instance id, Closed when it ran before."""
        if self._core is not None or self._ended:
            raise Closed("a service runs once")
        try:
            core = self._core = Core(self.group, self.options, ServiceProgram(self), self.log)
            running = self._running = core.spawn(core.run())
        finally:
            self._begun.set()
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError:
            if not running.done():
                await core.close(self.options.close_timeout)
                await asyncio.wait({running}, timeout=1)
            raise
        finally:
            self._ended = True

    async def run_until_signal(self) -> None:
        """run until SIGINT or SIGTERM, then close; a second signal ends it without waiting."""
        loop = asyncio.get_running_loop()
        running = asyncio.ensure_future(self.run())
        closing: list[asyncio.Task[None]] = []

        def on_signal() -> None:
            if closing:
                running.cancel()
            else:
                closing.append(loop.create_task(self.close()))

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, on_signal)
        try:
            await running
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
            for task in closing:
                await asyncio.wait({task}, timeout=1)

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Any = None) -> AsyncIterator[None]:
        """Serves for as long as an ASGI application lives: FastAPI(lifespan=svc.lifespan). What ends
        it before is logged; the application goes on."""

        def ended(running: asyncio.Future[None]) -> None:
            if not running.cancelled() and (err := running.exception()) is not None:
                self.log.error("%s serves no more: %s", self.group, err)

        running = asyncio.ensure_future(self.run())
        running.add_done_callback(ended)
        try:
            yield
        finally:
            await self.close()
            await asyncio.wait({running})

    async def close(self, timeout: float | None = None) -> None:
        """Leaves in order: the hubs are told and give the sockets to other processes, handlers in
        flight end, results come in. After timeout seconds (Options.close_timeout) what is left
        is cut."""
        if self._core is not None:
            await self._core.close(self.options.close_timeout if timeout is None else timeout)
        self._ended = True

    async def attached(self) -> None:
        """Waits until a hub has welcomed this process for the first time. Raises Closed when the run
        ends before."""
        await self._begun.wait()
        core, running = self._core, self._running
        if core is not None and running is not None:
            first = core.spawn(core.first_attached.wait())
            await asyncio.wait({first, running}, return_when=asyncio.FIRST_COMPLETED)
            first.cancel()
            if core.first_attached.is_set():
                return
            raise Closed("the service ended before a hub welcomed it") from (
                None if running.cancelled() else running.exception()
            )
        raise Closed("the service did not begin")

    def hubs(self) -> list[HubStatus]:
        """The addresses at which hubs are, or may be."""
        return self._core.status() if self._core is not None else []

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What the hub to which commands go can do; see docs/contract.md."""
        home = self._core.line.home if self._core is not None else None
        return home.capabilities if home is not None else ()

    def capable(self, capability: str) -> bool:
        """Whether all hubs to which this process is attached have a capability, such as "recovery"."""
        attached = self._core.line.open if self._core is not None else []
        return bool(attached) and all(capability in att.capabilities for att in attached)

    # For the others of this package.

    def _rooms_of(self, sid: str) -> list[str] | None:
        found = self._core.hubs.find(sid) if self._core is not None else None
        if found is None:
            return None
        namespace = self._within(found[1].socket.namespace)
        return sorted(found[1].rooms) if namespace is not None and namespace.tracks_rooms else None

    def _within(self, name: str) -> Namespace | None:
        """The most specific namespace that takes a name."""

        def rank(pattern: str) -> int:
            if pattern == name:
                return 1 << 20
            if pattern == "*":
                return 0
            prefix = pattern[:-1]
            return len(prefix) if pattern.endswith("*") and name.startswith(prefix) and len(name) > len(prefix) else -1

        best = max(self._namespaces.values(), key=lambda n: rank(n.name), default=None)
        return best if best is not None and rank(best.name) >= 0 else None

    def _said(self, key: str, text: str) -> None:
        if key not in self._said_once:
            self._said_once.add(key)
            self.log.warning(text)
