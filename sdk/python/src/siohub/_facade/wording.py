"""What calls of a server are as commands, and answers as what calls return."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from siohub._core import commands, messages
from siohub._core.attachment import DEFAULT_ENVELOPE
from siohub._core.codec import Payload, decode
from siohub._core.runner import Core
from siohub._core.status import invalid
from siohub._core.work import Work
from siohub.errors import HubError, InvalidType, TooLarge

from .exceptions import TimeoutError as NoAnswer
from .mirror import MAX_DEFERRED, PENDING, Entry, Mirror, room_name
from .said import once
from .sessions import patch, read_session, session_text

MAX_ROOM = 256  # bytes, the hub's limits.room_bytes unless it is set
MAX_CALLBACKS = 64 << 10  # emits whose callbacks are waited for


def _checked_room(room: Any, field: str) -> str:
    """The name of a room that is joined, left or closed. Raises InvalidArgument, TooLarge."""
    try:
        hash(room)
    except TypeError as err:
        raise InvalidType("INVALID_ARGUMENT", "BAD_NAME", str(err), field) from None
    name = room_name(room)
    size = len(name.encode("utf-8", "replace"))
    if size > MAX_ROOM:
        raise TooLarge(size, MAX_ROOM, field, "ROOM_BYTES")
    if not name:
        raise invalid("EMPTY_NAME", field, "a room's name is not empty")
    if name.startswith("\x01"):
        raise invalid("RESERVED_ROOM", field, "a room's name does not begin with U+0001")
    return name


def skipped(skip_sid: Any) -> list[Any]:
    """The sockets that an emit leaves out: one, several or none."""
    several = isinstance(skip_sid, (list, tuple, set, frozenset))
    return [s for s in (skip_sid if several else [skip_sid]) if s is not None]


class Question:
    """A call() that is under way, and the first acknowledgement that came."""

    def __init__(self, room: Any, command: Any, at: str, seconds: float, pending: bool) -> None:
        self.room, self.command, self.at, self.seconds = room, command, at, seconds
        self.pending = pending  # its socket has not been let in
        self.first: Any = None

    def on_part(self, result: Any) -> None:
        """Takes a result."""
        if result.HasField("browser_ack") and self.first is None:
            self.first = result.browser_ack.payload


class Wording:
    """The part of a server that asks nobody and waits for nothing."""

    mirror: Mirror
    _started: Any
    group: str
    logger: logging.Logger
    async_handlers: bool
    not_handled: object
    _lock: Any
    _callbacks: int
    _encode: Callable[..., Payload]
    _loads: Callable[[str], Any]

    def _payload(self, data: Any, what: str, limit: int) -> Payload:
        """What is emitted or answered. Raises InvalidArgument, TooLarge."""
        args = list(data) if isinstance(data, tuple) else [data] if data is not None else []
        payload = self._encode(args, what + ".payload.args")
        if payload.size > limit:
            raise TooLarge(payload.size, limit, what + ".payload")
        return payload

    def _limit(self) -> int:
        """The largest envelope that the hub takes, as far as it is known."""
        home = self._started.core.line.home if self._started is not None else None
        return home.max_envelope if home is not None else DEFAULT_ENVELOPE

    def _target(self, namespace: str, room: Any, skip_sid: Any) -> tuple[Any, str]:
        """Whom an emit is for, and the hub that alone holds them, where that is known."""
        skip = skipped(skip_sid)
        if not room:
            return commands.target(namespace, all_=True, except_sockets=skip), ""
        if isinstance(room, str):
            entry = self.mirror.find(room, namespace)
            if entry is not None and entry.state != PENDING:
                return commands.target(namespace, sockets=[room], except_sockets=skip), entry.hub_id
            return commands.target(namespace, rooms=[room], except_sockets=skip), ""
        names = [room_name(r) for r in room] if isinstance(room, (list, tuple, set, frozenset)) else [room_name(room)]
        return commands.target(namespace, rooms=names, except_sockets=skip), ""

    def _defer(self, namespace: str, room: Any, skip_sid: Any, event: str, payload: Payload) -> None:
        """Keeps an emit for sockets whose connect handler still runs: it reaches them right after
        they were let in."""
        skip = skipped(skip_sid)
        for entry in list(self.mirror.entries.values()):
            if entry.state != PENDING or entry.namespace != namespace:
                continue
            if entry.sid in skip:
                continue
            if room and not self._is_in(entry, room):
                continue
            if not entry.defer(commands.emit(commands.target(namespace, sockets=[entry.sid]), event, payload)):
                text = "more than %d emits, or 1 MiB, wait for a connect handler to end: the oldest are dropped"
                once("deferred", text, MAX_DEFERRED)

    @staticmethod
    def _is_in(entry: Entry, room: Any) -> bool:
        if isinstance(room, (list, tuple, set, frozenset)):
            return any(r == entry.sid or r in entry.rooms for r in room)
        return room == entry.sid or room in entry.rooms

    def _is_pending(self, sid: Any, namespace: str) -> Entry | None:
        if not self.mirror.pending:
            return None
        entry = self.mirror.find(sid, namespace)
        return entry if entry is not None and entry.state == PENDING else None

    def _change_room(self, sid: str, room: Any, namespace: str, join: bool) -> tuple[Any, str] | None:
        """Applies a change of rooms at once. Returns what the hub has to be told, and which."""
        name, at = _checked_room(room, f"update_rooms.{'join' if join else 'leave'}[0]"), ""
        with self._lock:
            entry = self.mirror.find(sid, namespace)
            if entry is not None:
                news = (self.mirror.enter if join else self.mirror.leave)(entry, room)
                if entry.state == PENDING or not news:
                    return None
                entry.own[room] = join
                at = entry.hub_id
        target = commands.target(namespace, sockets=[sid])
        names = [name]
        return commands.update_rooms(target, names if join else (), () if join else names), at

    def _close_room(self, room: Any, namespace: str) -> Any:
        name = _checked_room(room, "update_rooms.leave[0]")
        with self._lock:
            for sid in list(self.mirror.participants(namespace, room)):
                entry = self.mirror.find(sid, namespace)
                if entry is not None and self.mirror.leave(entry, room) and entry.state != PENDING:
                    entry.own[room] = False
        return commands.update_rooms(commands.target(namespace, rooms=[name]), (), [name])

    def _session_command(self, entry: Entry) -> Any:
        """What the hub has to be told of a session that may have changed; None for nothing."""
        entry.touched = False
        if entry.state == PENDING:
            return None
        text = session_text(entry.session)
        if text == entry.session_text:
            return None
        entry.session_text = text
        target = commands.target(entry.namespace, sockets=[entry.sid])
        return commands.set_data(target, patch(text, self.group), merge=True)

    def _has_callback(self, callback: Any) -> bool:
        """Whether a callback can be waited for. Browsers that are asked and say nothing would pile
        them up: beyond so many their event goes without."""
        if callback is not None and self._callbacks >= MAX_CALLBACKS:
            once("callbacks", "%d callbacks are waited for: further ones are not called", MAX_CALLBACKS)
            return False
        return callback is not None

    def _reply(self, work: Work, result: Any) -> bytes | None:
        """The settlement by what an event's handler has returned; None where nobody wants to know.
        Raises TypeError, ValueError, TooLarge."""
        if not work.wants_ack or result is self.not_handled:
            return None
        limit = work.att.max_envelope if work.att is not None else DEFAULT_ENVELOPE
        return messages.reply(work.seq, self._payload(result, "reply", limit))

    def _question(
        self, event: str, data: Any, to: Any, sid: Any, namespace: str | None, timeout: float | None
    ) -> Question:
        """What call() sends. Raises what call does for wrong arguments."""
        if to is None and sid is None:
            raise ValueError("Cannot use call() to broadcast.")
        if not self.async_handlers:
            raise RuntimeError("Cannot use call() when async_handlers is False.")
        namespace, room = namespace or "/", to or sid
        name, payload, seconds = (
            commands.check_event(event),
            self._payload(data, "emit", self._limit()),
            self._ack_timeout(timeout),
        )
        pending = self._is_pending(room, namespace) is not None
        if pending:
            once("call in connect", "call() to a socket inside its connect handler: it is answered after it was let in")
        target, at = self._target(namespace, room, None)
        return Question(
            room, commands.with_ack(commands.emit(target, name, payload), seconds, commands.EACH), at, seconds, pending
        )

    def _answer(self, question: Question) -> Any:
        """What call() returns. Raises TimeoutError where nothing has come."""
        if question.first is None:
            raise NoAnswer(f"{question.room} did not answer")
        values = decode(question.first.args, question.first.attachments, self._loads)
        return tuple(values) if len(values) > 1 else values[0] if values else None

    def _session_here(self, sid: str, namespace: str) -> Any:
        """The session of a socket that this process holds, which a handler may change; None of others."""
        entry = self.mirror.find(sid, namespace)
        if entry is None:
            return None
        if entry.session is None:
            entry.session = {}
        entry.touched = True
        return entry.session

    def _session_in(self, last: Any, parts: list[Any]) -> Any:
        """The session in the answer to a fetch. Raises KeyError for a socket that is nowhere."""
        for page in (*parts, last):
            for info in page.sockets:
                session, _ = read_session(info.socket.data, self.group)
                return {} if session is None else session
        raise KeyError("Session not found")

    def _ask(
        self, core: Core, event: str, payload: Payload, namespace: str, room: Any, skip_sid: Any,
        answered: Callable[[Any], None],
    ) -> None:  # fmt: skip
        """Emits, and gives the payload of each acknowledgement that comes. On the core's loop. Raises
        TooLarge, LeaseLost, Closed."""

        def on_part(result: Any) -> None:
            if result.HasField("browser_ack"):
                answered(result.browser_ack.payload)

        async def wait() -> None:
            try:
                await answer
            except HubError as err:
                self.logger.debug('nobody acknowledges "%s": %s', event, err)
            finally:
                self._callbacks -= 1

        target, at = self._target(namespace, room, skip_sid)
        command = commands.with_ack(commands.emit(target, event, payload), 300, commands.EACH)
        answer = core.line.start(command, at, on_part)
        self._callbacks += 1
        core.keep(core.loop.create_task(wait()))  # what the caller's context has, it has

    def _ack_timeout(self, timeout: float | None) -> float:
        """How long browsers have to answer: a hub waits for at most 300 seconds."""
        if timeout is None or timeout > 300:
            if timeout is not None:
                once("ack timeout", "an acknowledgement is waited for at most 300 seconds, not %s", timeout)
            return 300.0
        return max(timeout, 0.001)
