"""What the handlers of a Service hear that nobody settles: changes of rooms, presence, observations."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from siohub._core.codec import decode
from siohub._core.peer import Member
from siohub._core.program import Program
from siohub.errors import ConfigError

from .answers import Observation
from .asked import Asked
from .kinds import Kind
from .lanes import Job, Lanes
from .lifecycle import Released, RoomPresence, RoomsChanged, Upgraded, UserPresence
from .socket import Socket
from .values import to_time

if TYPE_CHECKING:
    from .service import Service

MAX_NOTICES = 64 << 10  # that wait for their handlers


class Notices(Program):
    """The part of ServiceProgram that has no deliveries."""

    def __init__(self, service: Service) -> None:
        self.service, self.log = service, service.log
        self.lanes = Lanes(service.options.workers)
        self._asked: list[Asked] = []
        self._subscriptions: list[Any] = []
        self._notices = 0
        for namespace in sorted(service._namespaces.values(), key=lambda n: n.name):
            namespace.check()
            namespace.subscribe(self._add)
        for observer in service._observers:
            self._add(observer.subscription(), Asked(None, observer=observer))
        if len(self._subscriptions) > 256:
            raise ConfigError("namespaces", f"{len(self._subscriptions)} subscriptions, at most 256")

    def _add(self, subscription: Any, asked: Asked) -> None:
        self._asked.append(asked)
        subscription.id = len(self._asked)
        self._subscriptions.append(subscription)

    def _find(self, number: int) -> Asked | None:
        return self._asked[number - 1] if 0 < number <= len(self._asked) else None

    def released(self, members: Sequence[Member], reason: str) -> None:
        """Behind what runs in their lanes."""
        for member in members:
            asked = self._find(member.sub)
            handler = asked.namespace.handlers.released if asked is not None and asked.namespace is not None else None
            if handler is not None:
                self._tell(
                    member.socket.id, handler, Released(Socket(self.service, member.socket), reason), bounded=False
                )

    def _tell(self, key: str, handler: Callable[[Any], Awaitable[Any]], argument: Any, *, bounded: bool = True) -> None:
        """Runs a handler that nobody settles."""
        if bounded and self._notices >= MAX_NOTICES:
            self.service._said("notices", "handlers of notices do not keep up: notices are dropped")
            return
        self._notices += 1

        async def run() -> None:
            try:
                await handler(argument)
            except asyncio.CancelledError:
                pass
            except Exception:
                self.log.exception("a handler failed: %s", argument)
            finally:
                self._notices -= 1

        self.lanes.add(Job(key, run, None))

    def rooms_changed(self, member: Member, joined: Sequence[str], left: Sequence[str]) -> None:
        """To on_rooms_changed."""
        asked = self._find(member.sub)
        handler = asked.namespace.handlers.rooms if asked is not None and asked.namespace is not None else None
        if handler is not None:
            change = RoomsChanged(Socket(self.service, member.socket), list(joined), list(left))
            self._tell(member.socket.id, handler, change)

    def upgraded(self, namespace: str, socket_id: str, transport: str) -> None:
        """To on_upgraded."""
        found = self.service._within(namespace)
        core = self.service._core
        if found is not None and found.handlers.upgraded is not None and core is not None:
            known = core.hubs.find(socket_id)
            if known is not None:
                socket = Socket(self.service, known[1].socket)
                self._tell(socket_id, found.handlers.upgraded, Upgraded(socket, transport))

    def fact(self, kind: str, namespace: str, name: str, hub_id: str, there: bool) -> None:
        """To those who hear of rooms or users."""
        found = self.service._within(namespace)
        if found is None:
            return
        key = f"\0{kind} {namespace} {name}"
        if kind == "user":
            handler = found.handlers.present if there else found.handlers.absent
            if handler is not None:
                self._tell(key, handler, UserPresence(namespace, name, hub_id))
            return
        for occupancy in found.handlers.occupancy:
            if occupancy.occupied == there and occupancy.wants(name):
                self._tell(key, occupancy.run, RoomPresence(namespace, name, hub_id))

    def introduced(self, hub_id: str) -> None:
        """To Service.on_introduced."""
        if self.service._on_introduced is not None:
            self._tell("\0introduced", self.service._on_introduced, hub_id)

    def observe(self, observation: Any) -> None:
        """To an observer, unless that has too many already, or it cannot be read: what is left out
        here counts as what the hub left out."""
        asked = self._find(observation.subscription_id)
        if asked is None or asked.observer is None:
            return
        observer = asked.observer
        if observer.waiting >= self.service.options.window_observations:
            observer.skipped += 1 + observation.gap
            return
        try:
            made = self._observation(observation, observation.gap + observer.skipped)
        except ValueError as err:  # JSON that cannot be read here, such as a number of 5000 digits
            self.log.error("an observation cannot be decoded: %s", err)
            observer.skipped += 1 + observation.gap
            return
        observer.waiting += 1
        observer.skipped = 0

        async def run(copy: Observation) -> None:
            observer.waiting -= 1
            await observer.run(copy)

        self._tell(f"\0observer {observation.subscription_id}", run, made, bounded=False)

    def _observation(self, o: Any, gap: int) -> Observation:
        body = o.WhichOneof("body")
        detail: Any = getattr(o, body) if body else None
        name, args = "", []
        if body in ("event", "emitted"):
            emit = detail.emit if body == "emitted" else detail
            name = emit.event if body == "emitted" else emit.name
            if emit.payload.args:
                args = decode(emit.payload.args, emit.payload.attachments)
        kind = Kind(o.kind) if o.kind in Kind._value2member_map_ else Kind.GAP
        socket = Socket(self.service, o.socket) if o.HasField("socket") else None
        return Observation(kind, gap, to_time(o, "time"), socket, name, args, detail)

    def warning(self, kind: str, error: Exception, notice: Any) -> None:
        """To Service.on_warning."""
        if self.service._on_warning is not None:
            self.service._on_warning(kind, error)
