"""What becomes of a delivery: the Program of the facades (see _core/program.py). Runs on the
core's loop; handlers are run by the server's Runner."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from siohub._core import messages
from siohub._core.codec import decode, well_formed
from siohub._core.peer import Member
from siohub._core.program import Program
from siohub._core.work import Work
from siohub._facade.exceptions import ConnectionRefusedError as Refused
from siohub._pb import settlement_pb2, subscription_pb2
from siohub.errors import Revoked, StatusError

from .environ import make_environ
from .exceptions import is_refusal
from .mirror import GONE, LEAVING, OPEN, PENDING, Entry, room_name, room_of
from .reasons import Reason
from .sessions import read_session, session_data

if TYPE_CHECKING:
    from siohub._core.attachment import Attachment

    from .base import BaseServer

S = subscription_pb2
KINDS = (S.KIND_CONNECTED, S.KIND_EVENT, S.KIND_DISCONNECTED, S.KIND_ROOMS, S.KIND_UPGRADED)


class Runner(Protocol):
    """Runs handlers. Each takes what to do with the outcome, which it calls on the core's
    loop; none of them raises."""

    def connect(self, entry: Entry, work: Work | None, auth: Any, then: Callable[[Any], None]) -> None:
        """Runs the connect handler. The outcome is what it returned, or its exception."""

    def event(self, entry: Entry, work: Work, name: str, args: list[Any], then: Callable[[], None] | None) -> None:
        """Runs the handler of an event, settles and finishes the work."""

    def disconnect(self, entry: Entry, work: Work | None, reason: Reason, then: Callable[[], None]) -> None:
        """Runs the disconnect handler."""


class Dispatcher(Program):
    """See the module."""

    def __init__(self, server: BaseServer, runner: Runner) -> None:
        self.server, self.runner, self.mirror = server, runner, server.mirror
        self.log = server._core_logger(server.logger)
        # By the attachment and number of the attempt, until they are introduced.
        self._accepted: dict[tuple[Any, int], Entry] = {}

    # What is asked for.

    def subscriptions(self) -> list[Any]:
        """An authorizer and a handler for each namespace."""
        made: list[Any] = []
        for namespace in self.server.served_namespaces():
            made.append(
                S.Subscription(
                    role=S.ROLE_AUTHORIZER, namespace=namespace, id=len(made) + 1, settle_timeout=messages.duration(60)
                )
            )
            made.append(
                S.Subscription(
                    role=S.ROLE_HANDLER,
                    namespace=namespace,
                    id=len(made) + 1,
                    introduction=S.INTRODUCTION_ON_INSTANCE,
                    kinds=KINDS,
                    handshake=S.HANDSHAKE_DETAIL_FULL,
                    socket_data=S.SOCKET_DATA_ON_CHANGE,
                )
            )
        return made

    def optional(self, subscription: Any) -> bool:
        """The default namespace is asked for because the reference lets everybody into it."""
        return not self.server.has_handlers(subscription.namespace)

    def remembers(self, subscription_id: int, namespace: str) -> bool:
        """All sockets are known."""
        return True

    def introduction(self, member: Member) -> int:
        """The same for all."""
        return S.INTRODUCTION_ON_INSTANCE

    # Deliveries.

    def deliver(self, work: Work) -> None:
        """Deals with a delivery."""
        d = work.delivery
        body = d.WhichOneof("body")
        if body == "event":
            self._event(work, d)
        elif body == "connect_attempt":
            self._attempt(work, d)
        elif body == "connected":
            self._connected(work, d)
        elif body == "disconnected":
            self._disconnected(work, d)
        else:
            work.settle(messages.nack(work.seq, "no handler", code=12))
            work.finish()

    def ghost(self, member: Member, work: Work) -> None:
        """A disconnected that the kit made."""
        self._disconnected(work, work.delivery)

    def _event(self, work: Work, d: Any) -> None:
        entry = self.mirror.entries.get(d.socket.id)
        if entry is None or entry.state >= LEAVING:
            work.finish()  # it was disconnected here meanwhile
            return
        event = d.event
        try:
            args = decode(event.payload.args, event.payload.attachments, self.server._loads)
        except Exception as err:
            self.log.error('the arguments of "%s" cannot be decoded: %s', event.name, err)
            work.fail(f"arguments: {err}")
            work.finish()
            return
        if entry.queue is None and self.server.async_handlers:
            self.runner.event(entry, work, event.name, args, None)
        else:
            self._in_turn(entry, lambda then: self.runner.event(entry, work, event.name, args, then))

    def _in_turn(self, entry: Entry, run: Callable[[Callable[[], None]], None]) -> None:
        """Runs behind what is in the entry's queue."""
        if entry.busy:
            entry.queue = entry.queue or deque()
            entry.queue.append(lambda: self._in_turn(entry, run))
            return
        entry.busy = True
        run(lambda: self._next(entry))

    def _next(self, entry: Entry) -> None:
        entry.busy = False
        while entry.queue and not entry.busy:
            entry.queue.popleft()()
        if not entry.queue:
            entry.queue = None

    # Connect.

    def _attempt(self, work: Work, d: Any) -> None:
        socket, attempt = d.socket, d.connect_attempt
        entry = Entry(socket.id, socket.namespace, socket.client_id, socket.hub_id, socket.transport)
        entry.environ = self.server._environ(make_environ(attempt.handshake, asgi=self.server.is_asyncio_based()))
        if attempt.HasField("recovery"):
            entry.rooms = dict.fromkeys(room_of(name) for name in attempt.recovery.rooms)
        with self.server._lock:
            self.mirror.add(entry)
        if self.server.always_connect:
            self._accept(entry, work)
            return
        auth = json.loads(attempt.auth) if attempt.auth else None
        self.runner.connect(entry, work, auth, lambda outcome: self._decided(entry, work, outcome))

    def _decided(self, entry: Entry, work: Work, outcome: Any) -> None:
        if work.cause is not None:
            self._too_late(entry, work, outcome)
            return
        if outcome is False or is_refusal(outcome):
            self._deny(entry, work, outcome)
            return
        elif isinstance(outcome, BaseException):
            # Undecided: the hub asks again for as long as the browser waits.
            work.settle(messages.nack(work.seq, f"{type(outcome).__name__}: {outcome}"))
            self._forget(entry)
        else:
            try:
                self._accept(entry, work)
                return
            except Exception as err:
                self.log.exception("the socket %s cannot be let in", entry.sid)
                work.fail(str(err))
                self._forget(entry)
        work.finish()

    def _too_late(self, entry: Entry, work: Work, outcome: Any) -> None:
        """The browser has left, or another process has decided."""
        let_in = outcome is not False and not isinstance(outcome, BaseException)
        work.finish()
        if let_in and isinstance(work.cause, Revoked) and work.cause.reason == "BROWSER_GONE":
            self.runner.disconnect(entry, None, Reason.of("transport close"), lambda: self._forget(entry))
        else:
            self._forget(entry)

    def refused(self, att: Attachment, seq: int, error: StatusError) -> None:
        """The hub did not take an accept."""
        entry = self._accepted.pop((att, seq), None)
        if entry is None or entry.dedupe:
            return
        if error.code == "CANCELLED":
            self._never_in(entry)
        else:
            self._forget(entry)

    def _never_in(self, entry: Entry) -> None:
        """The browser has left before the hub knew that the program had let it in."""
        self.runner.disconnect(entry, None, Reason.of("transport close"), lambda: self._forget(entry))

    def introduced(self, hub_id: str) -> None:
        """Whom an attachment that is over had let in, and the hub has not introduced since, is
        another process's; or has gone with its hub."""
        for (att, seq), entry in list(self._accepted.items()):
            if att.ended is None or entry.dedupe:
                continue
            if entry.hub_id not in att.core.hubs.peers:
                del self._accepted[att, seq]
                self._never_in(entry)
            elif entry.hub_id == hub_id:
                self._forget(entry)

    def _deny(self, entry: Entry, work: Work, outcome: Any) -> None:
        said = _refusal(outcome)
        deny = settlement_pb2.Deny(message=well_formed(said["message"]))
        limit = work.att.max_envelope if work.att is not None else 0
        work.settle(messages.deny(work.seq, deny, said.get("data"), limit, self.log))
        self._forget(entry)
        work.finish()

    def _accept(self, entry: Entry, work: Work) -> None:
        rooms = [room_name(room) for room in entry.rooms]
        accept = settlement_pb2.Accept(rooms=rooms, keep_auth=bool(work.delivery.connect_attempt.auth))
        data, entry.session_text = session_data(entry.session, self.server.group)
        entry.touched = False
        accept.data = data
        settled = messages.settle(work.seq, settlement_pb2.Settlement(accept=accept, commands=entry.take_deferred()))
        if work.att is not None:
            work.att.fits(len(settled), "accept")
        work.settle(settled)
        entry.attempt = (work.att, work.seq)
        self._accepted[entry.attempt] = entry
        with self.server._lock:
            self.mirror.opened(entry)
        work.finish()

    def _connected(self, work: Work, d: Any) -> None:
        socket, connected, member = d.socket, d.connected, work.member
        entry = self.mirror.entries.get(socket.id)
        reborn = member is not None and member.dedupe_id and entry is None and self._is_new_life(d)
        if entry is None or entry.state == GONE:
            entry = self._introduce(d)
        first = not entry.dedupe
        self._accepted.pop(entry.attempt, None)
        entry.dedupe = d.dedupe_id
        entry.hub_id, entry.transport = socket.hub_id, socket.transport
        with self.server._lock:
            self.mirror.opened(entry)
            self.mirror.set_rooms(entry, [room_of(name) for name in connected.rooms])
        if member is not None:
            member.told = True
        after, entry.after = entry.after, []
        for call in after:
            call()
        if (self.server.always_connect and first and not (connected.late or connected.moved)) or reborn:
            auth = json.loads(connected.auth) if connected.auth else None
            self._connect_late(entry, work, auth)
        else:
            work.finish()

    def _is_new_life(self, d: Any) -> bool:
        """Whether the program was told the end of this socket, because its hub was lost."""
        return d.connected.late and d.socket.id in self.server._ghosts

    def _introduce(self, d: Any) -> Entry:
        """A socket that another process let in, or this one before its hub was lost."""
        socket = d.socket
        entry = Entry(socket.id, socket.namespace, socket.client_id, socket.hub_id, socket.transport)
        entry.environ = self.server._environ(make_environ(d.connected.handshake, asgi=self.server.is_asyncio_based()))
        entry.session, entry.session_text = read_session(socket.data, self.server.group)
        entry.state = OPEN
        with self.server._lock:
            self.mirror.add(entry)
        return entry

    def _connect_late(self, entry: Entry, work: Work, auth: Any) -> None:
        """Runs the connect handler for a socket that is in; events wait for it."""
        self.server._ghosts.pop(entry.sid, None)

        def ended(outcome: Any, then: Callable[[], None]) -> None:
            if outcome is False or is_refusal(outcome):
                self.leave(entry)
            elif isinstance(outcome, BaseException):
                self.log.error("the connect handler failed", exc_info=outcome)
            work.finish()
            then()

        self._in_turn(entry, lambda then: self.runner.connect(entry, work, auth, lambda o: ended(o, then)))
        entry.queue = entry.queue or (deque() if entry.busy else None)

    def leave(self, entry: Entry) -> None:
        """Makes a socket leave without its disconnect handler."""
        with self.server._lock:
            if entry.state < LEAVING:
                entry.state = LEAVING
        self.server._send_disconnect(entry.sid, entry.namespace, entry.hub_id)

    # Disconnect.

    def _disconnected(self, work: Work, d: Any) -> None:
        entry, gone = self.mirror.entries.get(d.socket.id), d.disconnected
        member = work.member
        if member is not None and work.att is not None:
            work.att.peer.forget(d.socket.id, member)
        if entry is None or (entry.dedupe and member is not None and entry.dedupe != member.dedupe_id):
            work.finish()  # this process has not heard of it, or has told its end
            return
        if gone.reason == "hub lost":
            self.server._remember_ghost(entry.sid)
        if entry.state == LEAVING:
            if not entry.ending:
                self._forget(entry)
            work.finish()
            return
        with self.server._lock:
            entry.state = LEAVING if entry.state != PENDING else entry.state

        def ended() -> None:
            self._forget(entry)
            work.finish()

        self.runner.disconnect(entry, work, Reason.of(gone.reason, gone.detail, gone.close_code), ended)

    def _forget(self, entry: Entry) -> None:
        self._accepted.pop(entry.attempt, None)
        with self.server._lock:
            self.mirror.remove(entry)

    # Notices.

    def released(self, members: Sequence[Member], reason: str) -> None:
        """Sockets are another process's: environ, session and rooms go with them."""
        with self.server._lock:
            for member in members:
                entry = self.mirror.entries.get(member.socket.id)
                if entry is not None and entry.dedupe == member.dedupe_id:
                    self.mirror.remove(entry)

    def rooms_changed(self, member: Member, joined: Sequence[str], left: Sequence[str]) -> None:
        """Brings the mirror up to date."""
        entry = self.mirror.entries.get(member.socket.id)
        if entry is None:
            return
        with self.server._lock:
            for name in left:
                self.mirror.told(entry, room_of(name), False)
            for name in joined:
                self.mirror.told(entry, room_of(name), True)

    def upgraded(self, namespace: str, socket_id: str, transport: str) -> None:
        """For Server.transport."""
        entry = self.mirror.entries.get(socket_id)
        if entry is not None:
            entry.transport = transport


def _refusal(outcome: Any) -> dict[str, Any]:
    if isinstance(outcome, Refused):
        return outcome.error_args
    if isinstance(outcome, ConnectionRefusedError):
        return {"message": "Connection refused by server"}
    return {"message": "Connection rejected by server"}
