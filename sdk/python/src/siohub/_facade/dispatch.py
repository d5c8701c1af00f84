"""What becomes of a delivery: the Program of the facades (see _core/program.py). Runs on the
core's loop; handlers are run by the server's Runner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from siohub._core import messages
from siohub._core.codec import decode
from siohub._core.peer import Member
from siohub._core.work import Work
from siohub._pb import subscription_pb2

from .admission import Admission
from .mirror import LEAVING, PENDING, room_of
from .reasons import Reason

S = subscription_pb2
KINDS = (S.KIND_CONNECTED, S.KIND_EVENT, S.KIND_DISCONNECTED, S.KIND_ROOMS, S.KIND_UPGRADED)


class Dispatcher(Admission):
    """See the module."""

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
        body = work.body
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
        work.wants_ack = event.wants_ack
        payload = event.payload
        raw = payload.args
        binary = b"_placeholder" in raw or b"\\u" in raw  # the key may be written with escapes
        try:
            args = decode(raw, payload.attachments if binary else (), self.server._loads)
        except Exception as err:
            self.log.error('the arguments of "%s" cannot be decoded: %s', event.name, err)
            work.fail(f"arguments: {err}")
            work.finish()
            return
        if entry.queue is None and self.server.async_handlers:
            self.runner.event(entry, work, event.name, args, None)
        else:
            self._in_turn(entry, lambda then: self.runner.event(entry, work, event.name, args, then))

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
