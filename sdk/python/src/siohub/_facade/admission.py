"""Who is let in: connect attempts, what handlers decide, and the introduction that follows."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from siohub._core import messages
from siohub._core.codec import well_formed
from siohub._core.program import Program
from siohub._core.work import Work
from siohub._facade.exceptions import ConnectionRefusedError as Refused
from siohub._pb import settlement_pb2
from siohub.errors import Revoked, StatusError

from .environ import make_environ
from .exceptions import is_refusal
from .mirror import GONE, LEAVING, OPEN, Entry, room_name, room_of
from .reasons import Reason
from .sessions import read_session, session_data

if TYPE_CHECKING:
    from siohub._core.attachment import Attachment

    from .base import BaseServer


class Runner(Protocol):
    """Runs handlers. Each takes what to do with the outcome, which it calls on the core's
    loop; none of them raises."""

    def connect(self, entry: Entry, work: Work | None, auth: Any, then: Callable[[Any], None]) -> None:
        """Runs the connect handler. The outcome is what it returned, or its exception."""

    def event(self, entry: Entry, work: Work, name: str, args: list[Any], then: Callable[[], None] | None) -> None:
        """Runs the handler of an event, settles and finishes the work."""

    def disconnect(self, entry: Entry, work: Work | None, reason: Reason, then: Callable[[], None]) -> None:
        """Runs the disconnect handler."""


class Admission(Program):
    """The part of Dispatcher that lets sockets in and forgets them."""

    def __init__(self, server: BaseServer, runner: Runner) -> None:
        self.server, self.runner, self.mirror = server, runner, server.mirror
        self.log = server._core_logger(server.logger)
        # By the attachment and number of the attempt, until they are introduced.
        self._accepted: dict[tuple[Any, int], Entry] = {}

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
        try:
            auth = self._auth(entry, attempt.auth)
        except Refused as refused:
            self._deny(entry, work, refused)
            return
        if self.server.always_connect:
            self._accept(entry, work)
            return
        self.runner.connect(entry, work, auth, lambda outcome: self._decided(entry, work, outcome))

    def _auth(self, entry: Entry, raw: bytes) -> Any:
        """What the browser says of itself; None for nothing. Raises Refused for what is JSON and cannot be
        read here, such as a number of 5000 digits."""
        try:
            return self.server._loads(raw.decode()) if raw else None
        except Exception as err:
            self.log.error("the auth of %s cannot be decoded: %s", entry.sid, err)
            raise Refused("auth cannot be decoded") from err

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
            self._connect_late(entry, work, connected.auth)
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

    def _connect_late(self, entry: Entry, work: Work, raw: bytes) -> None:
        """Runs the connect handler for a socket that is in; events wait for it."""
        self.server._ghosts.pop(entry.sid, None)
        try:
            auth = self._auth(entry, raw)
        except Refused:
            self.leave(entry)
            work.finish()
            return

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

    def _forget(self, entry: Entry) -> None:
        self._accepted.pop(entry.attempt, None)
        with self.server._lock:
            self.mirror.remove(entry)


def _refusal(outcome: Any) -> dict[str, Any]:
    if isinstance(outcome, Refused):
        return outcome.error_args
    if isinstance(outcome, ConnectionRefusedError):
        return {"message": "Connection refused by server"}
    return {"message": "Connection rejected by server"}
