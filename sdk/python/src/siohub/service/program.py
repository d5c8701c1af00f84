"""What becomes of a delivery to a Service: the Program of _core/program.py."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from google.protobuf import timestamp_pb2

from siohub._core import commands, messages
from siohub._core.codec import encode_json, well_formed
from siohub._core.peer import Member
from siohub._core.program import Program
from siohub._core.work import Work
from siohub._pb import settlement_pb2 as pb
from siohub.errors import ConfigError, Deny, HubError, Reject, Retry

from .lanes import Job, Lanes
from .namespace import Asked, Namespace
from .socket import Socket
from .types import (
    Accept,
    AuthExpiring,
    Call,
    ConnectAttempt,
    Connected,
    Disconnected,
    Event,
    Handshake,
    Kind,
    Observation,
    Recovery,
    Released,
    RoomPresence,
    RoomsChanged,
    SocketData,
    Upgraded,
    UserPresence,
    encode_args,
    from_json,
    to_time,
)

if TYPE_CHECKING:
    from .service import Service

MAX_NOTICES = 64 << 10


class ServiceProgram(Program):
    """See the module."""

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

    # Program.

    def subscriptions(self) -> list[Any]:
        """All of them."""
        return self._subscriptions

    def optional(self, subscription: Any) -> bool:
        """None is."""
        return False

    def remembers(self, subscription_id: int, namespace: str) -> bool:
        """Where somebody has to hear of a socket's end, or of its rooms."""
        asked = self._find(subscription_id)
        return asked is not None and asked.namespace is not None and self._remembers(asked.namespace)

    @staticmethod
    def _remembers(namespace: Namespace) -> bool:
        return namespace.handlers.disconnected is not None or namespace.follows

    def introduction(self, member: Member) -> int:
        """What the member's namespace asks for."""
        asked = self._find(member.sub)
        return asked.namespace.effective_introduction if asked is not None and asked.namespace is not None else 1

    def deliver(self, work: Work) -> None:
        """Gives a delivery to its lane, or settles it when nobody is interested."""
        d = work.delivery
        asked = self._find(d.subscription_id)
        namespace = asked.namespace if asked is not None else None
        body = d.WhichOneof("body")
        if asked is None or namespace is None:
            self._refuse(work, body)
            return
        h = namespace.handlers
        key, sid = d.socket.id, d.socket.id
        if body == "event":
            handler = asked.find(d.event.name)
            if handler is None:
                self._refuse(work, d.event.name)
                return
            event = Event(self.service, work, self._socket(d, namespace, work))
            alone = not (handler.concurrent or namespace.concurrent)
            self._run(key, work, handler.run, event, d.event.name, concurrent=not alone)
        elif body == "connect_attempt" and h.connect is not None:
            if d.connect_attempt.HasField("recovery"):
                key = "\0return " + sid  # its browser does not wait for handlers of the life that is over
            self.lanes.add(Job(key, lambda: self._decide(work, h.connect), work))  # type: ignore[arg-type]
        elif body == "connected":
            if h.connected is None:
                if work.member is not None:
                    work.member.told = True
                work.finish()
                return
            self._run(key, work, self._tell_connected(h.connected), self._connected(work, d), "connected")
        elif body == "disconnected":
            if h.disconnected is None:
                self._forget(work)
                work.finish()
                return
            self._run(key, work, self._tell_disconnected(h.disconnected), self._disconnected(work, d), body, last=True)
        elif body == "auth_expiring" and h.expiring is not None:
            self.lanes.add(Job("\0renewal", lambda: self._renew(work, h.expiring), work, concurrent=True))  # type: ignore[arg-type]
        elif body == "service_call" and h.calls:
            run = h.calls.get(d.service_call.name) or h.calls.get("*")
            if run is None:
                self._refuse(work, f"call {d.service_call.name}")
                return
            self._run("\0call", work, run, Call(self.service, work), f"call {d.service_call.name}", concurrent=True)
        else:
            self._refuse(work, body)

    def _refuse(self, work: Work, what: Any) -> None:
        self.log.warning("delivery without a handler: %s of %s", what, work.delivery.socket.namespace)
        work.settle(messages.nack(work.seq, "no handler", code=12))
        work.finish()

    # Running.

    def _run(
        self, key: str, work: Work, handler: Callable[[Any], Awaitable[Any]], argument: Any, what: str,
        *, concurrent: bool = False, last: bool = False,
    ) -> None:  # fmt: skip
        async def run() -> None:
            err: BaseException | None = None
            try:
                await handler(argument)
            except asyncio.CancelledError as cancelled:
                err = cancelled
            except Exception as failed:
                err = failed
            self._settle(work, err, what)

        self.lanes.add(Job(key, run, work, concurrent=concurrent, last=last))

    def _settle(self, work: Work, err: BaseException | None, what: str) -> None:
        """Settles by how the handler ended, and logs what went wrong, once."""
        if err is not None:
            self._failed(work, err, what)
        work.finish()

    def _failed(self, work: Work, err: BaseException, what: str) -> None:
        where = f"{what} of {work.delivery.socket.id or 'a call'} in {work.delivery.socket.namespace}"
        if work.cause is not None:
            self.log.debug("the handler of %s was given away: %s", where, work.cause)
            return
        if work.settled:
            if not isinstance(err, asyncio.CancelledError):
                self.log.error("the handler of %s failed after its reply", where, exc_info=err)
            return
        if isinstance(err, Reject) and work.delivery.WhichOneof("body") == "event":
            self._reject(work, err)
        elif isinstance(err, Retry):
            self.log.warning("the handler of %s asks for another try: %s", where, err)
            work.settle(messages.nack(work.seq, str(err), retry=True, delay=err.delay, elsewhere=err.elsewhere))
        elif isinstance(err, asyncio.CancelledError):
            work.settle(messages.nack(work.seq, "the process ends", retry=True, elsewhere=True))
        else:
            self.log.error("the handler of %s failed", where, exc_info=err)
            work.fail(f"{type(err).__name__}: {err}" if str(err) else type(err).__name__)

    def _reject(self, work: Work, err: Reject) -> None:
        if not work.delivery.event.wants_ack:
            work.done()
            return
        said: dict[str, Any] = {"message": err.message}
        if err.data is not None:
            said["data"] = err.data
        try:
            work.settle(messages.reply(work.seq, encode_args([{"error": said}])))
        except (TypeError, ValueError) as wrong:
            self.log.exception("the data of a rejection cannot be encoded")
            work.fail(str(wrong))

    # Decisions.

    async def _decide(self, work: Work, handler: Callable[[ConnectAttempt], Awaitable[Accept]]) -> None:
        d = work.delivery
        a = d.connect_attempt
        recovery = None
        if a.HasField("recovery"):
            recovery = Recovery(a.recovery.user, list(a.recovery.rooms), to_time(a.recovery, "disconnect_time"))
        attempt = ConnectAttempt(
            d.socket.namespace, d.socket.id, d.socket.client_id, Handshake(a.handshake), from_json(a.auth), recovery,
            d.attempt, work=work,
        )  # fmt: skip
        await self._decided(work, handler, attempt, "connect")

    async def _renew(self, work: Work, handler: Callable[[AuthExpiring], Awaitable[Accept]]) -> None:
        d = work.delivery
        expiring = AuthExpiring(Socket(self.service, d.socket), to_time(d.auth_expiring, "expire_time"), d.attempt)
        await self._decided(work, handler, expiring, "auth expiring")

    async def _decided(self, work: Work, handler: Callable[[Any], Awaitable[Accept]], asked: Any, what: str) -> None:
        err: BaseException | None = None
        try:
            accept = await handler(asked)
            if not isinstance(accept, Accept):
                raise TypeError(f"the handler of {what} has to return an Accept, not {accept!r}")
            if isinstance(asked, AuthExpiring) and (accept.user or accept.rooms or accept.keep_auth or accept.cache):
                raise HubError("an Accept that renews may set neither user nor rooms, keep_auth and cache")
            data = self._accept(work, accept, getattr(asked, "greetings", ()))
            if work.att is not None:
                work.att.fits(len(data), "accept")
            work.settle(data)
        except Deny as deny:
            try:
                self._deny(work, deny)
            except (TypeError, ValueError) as wrong:
                err = wrong
        except asyncio.CancelledError as cancelled:
            err = cancelled
        except Exception as failed:
            err = failed
        self._settle(work, err, what)

    def _deny(self, work: Work, deny: Deny) -> None:
        if deny.unknown_namespace:
            made = pb.Deny(reason=pb.DENY_REASON_NAMESPACE_UNKNOWN)
        else:
            made = pb.Deny(message=well_formed(deny.message))
            if deny.data is not None:
                made.data = encode_json(deny.data)
        work.settle(messages.settle(work.seq, pb.Settlement(deny=made)))

    def _accept(self, work: Work, accept: Accept, greetings: Any) -> bytes:
        made = pb.Accept(user=well_formed(accept.user), rooms=[well_formed(r) for r in accept.rooms], keep_auth=accept.keep_auth)
        if accept.data is not None:
            made.data = encode_json(accept.data)
        if accept.expires is not None:
            made.expire_time.CopyFrom(timestamp_pb2.Timestamp())
            made.expire_time.FromDatetime(accept.expires)
        if accept.refresh_before:
            made.refresh_before.CopyFrom(messages.duration(accept.refresh_before))
        if accept.policy is not None:
            p = accept.policy
            made.policy.CopyFrom(
                pb.EdgePolicy(
                    events=p.events, events_per_second=p.events_per_second, burst=p.burst, bytes_per_second=p.bytes_per_second
                )
            )
        if accept.cache is not None:
            made.cache.headers.extend(accept.cache.headers)
            made.cache.max_age.CopyFrom(messages.duration(accept.cache.max_age))
        socket = work.delivery.socket
        settlement = pb.Settlement(accept=made)
        for event, payload in greetings:
            to = commands.target(socket.namespace, sockets=[socket.id])
            settlement.commands.append(commands.emit(to, commands.check_event(event), payload))
        return messages.settle(work.seq, settlement)

    # Lifecycle.

    def _socket(self, d: Any, namespace: Namespace, work: Work) -> Socket:
        data: bytes | None = None
        if namespace.socket_data == SocketData.ON_CHANGE and work.att is not None:
            member = work.att.peer.members.get(d.socket.id)
            data = member.data if member is not None else None
        return Socket(self.service, d.socket, data)

    def _connected(self, work: Work, d: Any) -> Connected:
        c = d.connected
        return Connected(
            Socket(self.service, d.socket), Handshake(c.handshake), from_json(c.auth), to_time(c, "connect_time"), c.late,
            c.moved, c.recovered, list(c.rooms), c.rooms_left_out, d.attempt, d.dedupe_id,
        )  # fmt: skip

    def _disconnected(self, work: Work, d: Any) -> Disconnected:
        g = d.disconnected
        return Disconnected(
            Socket(self.service, d.socket), g.reason, g.close_code, g.detail, list(g.rooms), g.rooms_left_out,
            to_time(g, "disconnect_time"), to_time(g, "recoverable_until"), d.attempt, d.dedupe_id,
        )  # fmt: skip

    def _tell_connected(self, handler: Callable[[Connected], Awaitable[Any]]) -> Callable[[Connected], Awaitable[Any]]:
        async def tell(connected: Connected) -> None:
            from siohub._core.work import current

            work = current.get()
            member = work.member if work is not None else None
            if member is not None:
                if member.gone:
                    return  # the kit has told its end: the hub is late
                member.told = True
            await handler(connected)

        return tell

    def _tell_disconnected(self, handler: Callable[[Disconnected], Awaitable[Any]]) -> Callable[[Disconnected], Awaitable[Any]]:
        async def tell(gone: Disconnected) -> None:
            from siohub._core.work import current

            work = current.get()
            member = work.member if work is not None else None
            if member is not None and work is not None and work.att is not None:
                self._forget(work)
                if member.gone:
                    return
                member.told, member.gone = False, True
            await handler(gone)

        return tell

    def _forget(self, work: Work) -> None:
        if work.member is not None and work.att is not None:
            work.att.peer.forget(work.delivery.socket.id, work.member)

    def ghost(self, member: Member, work: Work) -> None:
        """The disconnected of a hub that is lost, behind what runs in the socket's lane."""
        asked = self._find(member.sub)
        handler = asked.namespace.handlers.disconnected if asked is not None and asked.namespace is not None else None
        if handler is None:
            work.finish()
            return
        self._run(member.socket.id, work, handler, self._disconnected(work, work.delivery), "disconnected", last=True)

    def released(self, members: Sequence[Member], reason: str) -> None:
        """Behind what runs in their lanes."""
        for member in members:
            asked = self._find(member.sub)
            handler = asked.namespace.handlers.released if asked is not None and asked.namespace is not None else None
            if handler is not None:
                self._tell(member.socket.id, handler, Released(Socket(self.service, member.socket), reason), bounded=False)

    # Notices.

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
        """To an observer, unless that has too many already: what is left out here counts as what
        the hub left out."""
        asked = self._find(observation.subscription_id)
        if asked is None or asked.observer is None:
            return
        observer = asked.observer
        if observer.waiting >= self.service.options.window_observations:
            observer.skipped += 1 + observation.gap
            return
        observer.waiting += 1
        gap, observer.skipped = observation.gap + observer.skipped, 0

        async def run(copy: Observation) -> None:
            observer.waiting -= 1
            await observer.run(copy)

        self._tell(f"\0observer {observation.subscription_id}", run, self._observation(observation, gap), bounded=False)

    def _observation(self, o: Any, gap: int) -> Observation:
        body = o.WhichOneof("body")
        detail: Any = getattr(o, body) if body else None
        name, args = "", []
        if body in ("event", "emitted"):
            emit = detail.emit if body == "emitted" else detail
            name = emit.event if body == "emitted" else emit.name
            if emit.payload.args:
                from siohub._core.codec import decode

                args = decode(emit.payload.args, emit.payload.attachments)
        kind = Kind(o.kind) if o.kind in Kind._value2member_map_ else Kind.GAP
        socket = Socket(self.service, o.socket) if o.HasField("socket") else None
        return Observation(kind, gap, to_time(o, "time"), socket, name, args, detail)

    def warning(self, kind: str, error: Exception, notice: Any) -> None:
        """To Service.on_warning."""
        if self.service._on_warning is not None:
            self.service._on_warning(kind, error)
