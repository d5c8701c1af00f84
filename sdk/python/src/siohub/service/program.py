"""What becomes of a delivery to a Service: the Program of _core/program.py."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from siohub._core import messages
from siohub._core.codec import Payload
from siohub._core.peer import Member
from siohub._core.work import Work
from siohub.errors import Deny, HubError, InvalidArgument, Reject, Retry, TooLarge

from .decisions import Accept, AuthExpiring, ConnectAttempt, Handshake, Recovery
from .events import Call, Event
from .kinds import Introduction, SocketData
from .lanes import Job
from .lifecycle import Connected, Disconnected
from .namespace import Namespace
from .notices import Notices
from .settlements import accepted, denied
from .socket import Socket
from .values import encode_args, from_json, to_time


class ServiceProgram(Notices):
    """See the module."""

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
        return asked is not None and asked.namespace is not None and asked.namespace.remembers

    def introduction(self, member: Member) -> int:
        """What the member's namespace asks for."""
        asked = self._find(member.sub)
        return asked.namespace.effective_introduction if asked is not None and asked.namespace is not None else 1

    def deliver(self, work: Work) -> None:
        """Gives a delivery to its lane, or settles it when nobody is interested."""
        d = work.delivery
        asked = self._find(d.subscription_id)
        namespace = asked.namespace if asked is not None else None
        body = work.body
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
            told = d.connected.moved and namespace.effective_introduction != Introduction.ON_INSTANCE  # elsewhere
            if h.connected is None or told:
                if work.member is not None:
                    work.member.told = True
                work.finish()
                return
            self._run(key, work, self._tell_connected(h.connected, work), self._connected(d), "connected")
        elif body == "disconnected":
            if h.disconnected is None:
                self._forget(work)
                work.finish()
                return
            self._run(key, work, self._tell_disconnected(h.disconnected, work), self._disconnected(d), body, last=True)
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
        if isinstance(err, Reject) and work.body == "event":
            self._reject(work, err)
        elif isinstance(err, Retry):
            self.log.warning("the handler of %s asks for another try: %s", where, err)
            work.settle(messages.nack(work.seq, str(err), retry=True, delay=err.delay, elsewhere=err.elsewhere))
        elif isinstance(err, asyncio.CancelledError):
            work.give_back("the process ends")
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
        work.settle(messages.reply(work.seq, self._error(work, said)))

    def _error(self, work: Work, said: dict[str, Any]) -> Payload:
        """What a browser's callback gets; without data where they cannot travel."""
        try:
            payload = encode_args([{"error": said}], "reply.payload.args")
            if work.att is not None:
                work.att.fits(payload.size, "reply.payload")
            return payload
        except (InvalidArgument, TooLarge) as wrong:
            self.log.error("a browser gets an error without its data: %s", wrong)
            return encode_args([{"error": {"message": said["message"][:1000]}}])

    # Decisions.

    async def _decide(self, work: Work, handler: Callable[[ConnectAttempt], Awaitable[Accept]]) -> None:
        d = work.delivery
        a = d.connect_attempt
        try:
            auth = from_json(a.auth)
        except ValueError as err:  # JSON that cannot be read here, such as a number of 5000 digits
            self.log.error("the auth of %s cannot be decoded: %s", d.socket.id, err)
            work.settle(denied(work, Deny("auth cannot be decoded"), self.log))
            work.finish()
            return
        recovery = None
        if a.HasField("recovery"):
            recovery = Recovery(a.recovery.user, list(a.recovery.rooms), to_time(a.recovery, "disconnect_time"))
        attempt = ConnectAttempt(
            d.socket.namespace, d.socket.id, d.socket.client_id, Handshake(a.handshake), auth, recovery,
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
            data = accepted(work, accept, getattr(asked, "greetings", ()))
            if work.att is not None:
                work.att.fits(len(data), "accept")
            work.settle(data)
        except Deny as deny:
            work.settle(denied(work, deny, self.log))
        except asyncio.CancelledError as cancelled:
            err = cancelled
        except Exception as failed:
            err = failed
        self._settle(work, err, what)

    # Lifecycle.

    def _socket(self, d: Any, namespace: Namespace, work: Work) -> Socket:
        data: bytes | None = None
        if namespace.socket_data == SocketData.ON_CHANGE and work.att is not None:
            member = work.att.peer.members.get(d.socket.id)
            data = member.data if member is not None else None
        return Socket(self.service, d.socket, data)

    def _connected(self, d: Any) -> Connected:
        c = d.connected
        return Connected(
            Socket(self.service, d.socket), Handshake(c.handshake), from_json(c.auth), to_time(c, "connect_time"), c.late,
            c.moved, c.recovered, list(c.rooms), c.rooms_left_out, d.attempt, d.dedupe_id,
        )  # fmt: skip

    def _disconnected(self, d: Any) -> Disconnected:
        g = d.disconnected
        return Disconnected(
            Socket(self.service, d.socket), g.reason, g.close_code, g.detail, list(g.rooms), g.rooms_left_out,
            to_time(g, "disconnect_time"), to_time(g, "recoverable_until"), d.attempt, d.dedupe_id,
        )  # fmt: skip

    @staticmethod
    def _tell_connected(
        handler: Callable[[Connected], Awaitable[Any]], work: Work
    ) -> Callable[[Connected], Awaitable[Any]]:
        async def tell(connected: Connected) -> None:
            member = work.member
            if member is not None:
                if member.gone:
                    return  # the kit has told its end: the hub is late
                member.told = True
            await handler(connected)

        return tell

    def _tell_disconnected(
        self, handler: Callable[[Disconnected], Awaitable[Any]], work: Work
    ) -> Callable[[Disconnected], Awaitable[Any]]:
        async def tell(gone: Disconnected) -> None:
            member = work.member
            if member is not None and work.att is not None:
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
        self._run(member.socket.id, work, handler, self._disconnected(work.delivery), "disconnected", last=True)
