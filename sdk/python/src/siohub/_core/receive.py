"""What comes down a stream."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from siohub._pb import attach_pb2, command_pb2, settlement_pb2

from .capabilities import unknown
from .status import make_error, status_error
from .work import Work

if TYPE_CHECKING:
    from .attachment import Attachment

N = attach_pb2.NoticeKind
_QUIET = ("ABORTED", "CANCELLED", "NOT_FOUND", "ALREADY_EXISTS")


class Receiver:
    """Applies the items of one attachment, in their order. It waits for nothing."""

    def __init__(self, att: Attachment) -> None:
        self.att, self.core, self.peer = att, att.core, att.peer
        self.said: Any = None  # the status of Item.ended
        self._handlers = {
            "delivery": lambda item: self._deliver(item.delivery),
            "result": lambda item: self._result(item.result),
            "notice": lambda item: self._notice(item.notice),
            "revoked": lambda item: att.revoke(item.revoked.delivery_seqs, item.revoked.reason),
            "released": lambda item: self._released(item.released),
            "observation": lambda item: self.core.program.observe(item.observation),
            "drain": lambda item: self.core.log.info("the hub %s drains: %s", self.peer.hub_id, item.drain.reason),
            "ended": self._ended,
        }

    def apply(self, items: Any) -> None:
        """Applies items. What is not known is passed over; a heartbeat has been counted."""
        handlers = self._handlers
        for item in items:
            kind = item.WhichOneof("kind")
            handler = handlers.get(kind)
            if handler is not None:
                try:
                    if kind == "delivery":
                        self._deliver(item.delivery)
                    else:
                        handler(item)
                except Exception:  # a fault of the kit costs the item, not the stream
                    self.core.log.exception("an item of hub %s could not be applied", self.peer.hub_id)

    def _ended(self, item: Any) -> None:
        self.said = status_error(item.ended.status)

    def _deliver(self, d: Any) -> None:
        att, core = self.att, self.core
        if att.finished:
            return  # it is another instance's
        work = Work(core, att, d)
        att.works[work.seq] = work
        work.batch = att.heard
        att.fresh += 1
        core.works_running += 1
        body = work.body
        if body == "event":
            socket = d.socket
            if socket.data_version:
                self._refresh(socket)
        elif body == "connected" and core.program.remembers(d.subscription_id, d.socket.namespace):
            work.member = member = self.peer.introduce(d)
            if not member.gone:
                core.hubs.came_back(self.peer, d.socket.id)
            self._refresh(d.socket)
        elif body == "disconnected":
            work.member = self.peer.members.get(d.socket.id)
        try:
            core.program.deliver(work)
        except Exception:
            core.log.exception("a delivery could not be dealt with")
            work.fail("the kit failed")
            work.finish()

    def _refresh(self, socket: Any) -> None:
        """Keeps the data that a delivery carries, for namespaces that get it on change."""
        member = self.peer.members.get(socket.id)
        if member is not None and (socket.data or socket.data_version > member.data_version):
            member.data, member.data_version = socket.data, socket.data_version

    def _result(self, result: Any) -> None:
        if result.delivery_seq == 0:
            self.att.results.deliver(result)
            return
        error = status_error(result.status)
        if error is None:
            return
        error = unknown(error, settlement_pb2.Settlement.DESCRIPTOR)
        level = logging.DEBUG if error.code in _QUIET else logging.ERROR
        self.core.log.log(level, "the hub does not take the answer to delivery %d: %s", result.delivery_seq, error)
        self.core.program.refused(self.att, result.delivery_seq, error)

    def _released(self, released: Any) -> None:
        members = self.peer.release(released.socket_ids)
        self.core.program.released(members, released.reason)

    # Notices.

    def _notice(self, n: Any) -> None:
        kind, program, core = n.kind, self.core.program, self.core
        if kind == N.NOTICE_KIND_ROOMS_CHANGED:
            member = self.peer.rooms_changed(n.rooms_changed)
            if member is not None:
                program.rooms_changed(member, list(n.rooms_changed.joined), list(n.rooms_changed.left))
        elif kind == N.NOTICE_KIND_UPGRADED:
            program.upgraded(n.upgraded.namespace, n.upgraded.socket_id, n.upgraded.transport)
        elif kind in (N.NOTICE_KIND_ROOM_OCCUPIED, N.NOTICE_KIND_ROOM_VACATED):
            self._fact(("room", n.room.namespace, n.room.room), kind == N.NOTICE_KIND_ROOM_OCCUPIED)
        elif kind in (N.NOTICE_KIND_USER_PRESENT, N.NOTICE_KIND_USER_ABSENT):
            self._fact(("user", n.user.namespace, n.user.user), kind == N.NOTICE_KIND_USER_PRESENT)
        elif kind == N.NOTICE_KIND_INTRODUCED:
            self._introduced()
        elif kind == N.NOTICE_KIND_HUBS:
            core.hubs.hear(self.peer, n.hubs.hubs)
        else:
            self._warning(n)

    def _fact(self, fact: tuple[str, str, str], there: bool) -> None:
        facts = self.core.facts
        if there:
            facts.set(self.peer.hub_id, self.peer.round, fact)
        else:
            facts.clear(self.peer.hub_id, fact)

    def _introduced(self) -> None:
        core = self.core
        released, gone = self.peer.introduced(core.program)
        if released:
            core.program.released(released, "MOVED")
        for member in gone:
            core.ghost(member, "")
        core.facts.sweep(self.peer.hub_id, self.peer.round)
        core.program.introduced(self.peer.hub_id)

    def _warning(self, n: Any) -> None:
        log, hub = self.core.log, self.peer.hub_id
        name = N.Name(n.kind) if n.kind in N.values() else str(n.kind)
        error = unknown(status_error(n.status) or make_error("OK", name), command_pb2.Command.DESCRIPTOR)
        if n.kind == N.NOTICE_KIND_COMMAND_FAILED:
            level = logging.DEBUG if error.code == "ABORTED" else logging.WARNING
            log.log(level, "%d commands failed in hub %s: %s", n.count, hub, error)
        elif n.kind == N.NOTICE_KIND_LIFECYCLE_LOST:
            self.peer.dropped = True
            log.warning("hub %s has dropped lifecycle records; live sockets are introduced anew", hub)
        elif n.kind == N.NOTICE_KIND_UNHANDLED:
            log.warning("nobody gets the event %r of %s", n.unhandled.event, n.unhandled.namespace)
        else:
            log.warning("hub %s: %s, %d times: %s", hub, name, n.count, error)
        self.core.program.warning(name.removeprefix("NOTICE_KIND_"), error, n)
