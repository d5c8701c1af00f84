"""Keeps a process attached to all of its hubs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from siohub.errors import Closed

from .facts import Facts
from .hubs import Hubs
from .line import Line
from .link import HubStatus, Link, Place
from .options import Options
from .peer import MAX_HUBS, Member
from .resolve import Resolver, parse_hubs
from .tasks import Tasks
from .wire import Wire, dial
from .work import Work

if TYPE_CHECKING:
    from .program import Program

TURN_PATIENCE = 1.0  # how long a link waits for another one's hello


class Core(Tasks):
    """One run: a link for each address that was configured, that a name resolves to, or that
    a hub has told. Everything but `post` belongs to its loop."""

    def __init__(self, group: str, options: Options, program: Program, log: Any, *, endless: bool = False) -> None:
        self._endless = endless  # hubs that refuse are asked again, where nobody hears of the end of the run
        super().__init__(program, log)
        self.group, self.options = group, options
        self.closing = asyncio.Event()  # no new work is taken
        self.closed = False
        self.ever_attached = False
        self.first_attached = asyncio.Event()
        self.all_refuse = asyncio.Event()  # every hub has refused this process, by `refusal`
        self.refusal: BaseException | None = None
        self.hubs, self.facts, self.line = Hubs(self), Facts(self), Line(self)
        self._fixed, names = parse_hubs(options.hub)
        self._resolvers = [Resolver(name, self._resolved) for name in names]
        self._found: dict[str, list[Place]] = {}
        self._links: dict[str, Link] = {}
        self._tasks: dict[asyncio.Task[BaseException | None], Link] = {}
        self._refusals: set[Link] = set()
        self._hellos: dict[Link, list[str]] = {}
        self._turn = asyncio.Lock()
        self._changed = asyncio.Event()
        self._warned: set[str] = set()
        self._subscriptions: list[Any] = []

    # The run.

    async def run(self) -> None:
        """Serves until close. Raises ConfigError, StatusError, Superseded when it may not go
        on."""
        watchers = [self.spawn(r.watch()) for r in self._resolvers]
        closing: asyncio.Task[Any] = self.spawn(self.closing.wait())
        result: BaseException | None = None
        try:
            while True:
                self._changed.clear()
                self._reconcile()
                if self.closing.is_set() and not self._tasks:
                    break
                changed = self.spawn(self._changed.wait())
                waits: set[asyncio.Task[Any]] = {changed, *self._tasks}
                if not closing.done():
                    waits.add(closing)
                done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                changed.cancel()
                for task in done & self._tasks.keys():
                    result = self._remove(task) or result
                if result is not None:
                    raise result
            while self.works_running:
                await self._when_idle()
        finally:
            self.closed = True
            self.closing.set()
            tasks = [*watchers, closing, *self._tasks]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for link in self._links.values():
                link.drop(Closed("closed"))
            self.line.wake_all()

    async def close(self, timeout: float) -> None:
        """Leaves in order: handlers in flight end, results come in, the hubs end the streams.
        After the timeout the rest is cut."""
        self.closing.set()
        self.nudge()
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=timeout)
        for task in list(self._tasks):
            task.cancel()

    def renew(self) -> None:
        """Says hello again everywhere, with the subscriptions that there are by now; what is in
        hand goes on."""
        for link in self._links.values():
            link.renew()

    def subscriptions(self) -> list[Any]:
        """What the program asks for now."""
        return self.program.subscriptions()

    def nudge(self) -> None:
        """Lets the run look again which addresses lead somewhere."""
        self._changed.set()

    # Links.

    def ghost(self, member: Member, detail: str) -> None:
        """Makes the disconnected of a socket whose hub cannot tell it any more."""
        self.works_running += 1
        self.program.ghost(member, Work(self, None, member.disconnected(detail), member))

    def dial(self, place: Place, token: str) -> Wire:
        """A connection for one stream."""
        if self.options.dialer is not None:
            return self.options.dialer(place.address)  # type: ignore[no-any-return]
        return dial(
            place.address,
            tls=self.options.tls,
            server_name=place.server_name,
            token=token,
            max_bytes=self.options.max_envelope_bytes,
        )

    def was_attached(self, hub_id: str) -> None:
        """A hub has welcomed this process."""
        self.ever_attached = True
        self.first_attached.set()
        self.program.attached(hub_id)

    def status(self) -> list[HubStatus]:
        """How it stands with each address."""
        home = self.line.home
        for link in self._links.values():
            link.status.home = link.status.attached and home is not None and home.peer.hub_id == link.status.hub_id
        return sorted((link.status for link in self._links.values()), key=lambda s: s.address)

    def _resolved(self, name: str, places: list[Place] | None, err: Exception | None) -> None:
        if places is None:
            self.log.warning("the hubs' name %s does not resolve: %s", name, err)
            return
        self._found[name] = places
        self.nudge()

    def _wanted(self) -> dict[str, Place]:
        places = {p.address: p for p in self._fixed}
        for found in self._found.values():
            places.update((p.address, p) for p in found)
        for address, hub_id in self.hubs.told().items():
            if address in places:
                continue
            problem = self.options.follow(address)
            if not problem:
                places[address] = Place(address, hub=hub_id)
            elif address not in self._warned and len(self._warned) < MAX_HUBS:
                self._warned.add(address)
                self.log.warning("a hub tells the address %s, which is not dialled: %s", address, problem)
        return places

    def _reconcile(self) -> None:
        """Begins links to new places, and lets go those to places where nobody looks for a hub
        any more: they end when they have no stream."""
        wanted = self._wanted()
        for address, link in self._links.items():
            link.want(address in wanted)
        if self.closing.is_set():
            return
        for address, place in wanted.items():
            if address not in self._links:
                link = self._links[address] = Link(self, place)
                self._tasks[self.spawn(link.serve())] = link

    def _remove(self, task: asyncio.Task[BaseException | None]) -> BaseException | None:
        link = self._tasks.pop(task)
        self._links.pop(link.address, None)
        self._refusals.discard(link)
        self.hubs.abandon(link, not self.closing.is_set())
        if task.cancelled():
            return None
        return task.exception() or task.result()

    # What links tell each other.

    def refused(self, link: Link, err: BaseException) -> bool:
        """A hub has refused a link for good. Whether the run ends, because it is so at every address."""
        self._refusals.add(link)
        everywhere = len(self._refusals) == len(self._links) and len(self._found) == len(self._resolvers)
        if everywhere:
            self.refusal = err
            self.all_refuse.set()
        return everywhere and not self._endless

    def accepted(self, link: Link) -> None:
        """A link is not refused."""
        self._refusals.discard(link)
        self.all_refuse.clear()

    def unreachable(self, link: Link) -> None:
        """Lets the link's name be resolved again."""
        for resolver in self._resolvers:
            if not link.place.name or resolver.name == link.place.name:
                resolver.again.set()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Lets one link at a time say hello, so that of two addresses of one hub the second one
        is known as such. A hub that is silent delays the others for a second each."""
        try:
            await asyncio.wait_for(self._turn.acquire(), TURN_PATIENCE)
        except asyncio.TimeoutError:
            yield
            return
        try:
            yield
        finally:
            self._turn.release()

    def greets(self, link: Link, attached: list[str]) -> None:
        """A link says hello, and names these hubs."""
        self._hellos[link] = attached

    def greeted(self, link: Link) -> None:
        """A hello has its answer."""
        self._hellos.pop(link, None)

    def may_meet(self, hub_id: str) -> bool:
        """Whether a hello is under way that the hub would take."""
        return any(hub_id not in attached for attached in self._hellos.values())
