"""The way to the hubs for commands.

Those of a handler go over the stream on which its delivery came. All others go to one hub,
home, which is the first that is there and stays home until its stream ends; but what is for
sockets of one other hub alone goes to that one, and what has an idempotency key to where a
command with the same key went.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from siohub._pb import attach_pb2, command_pb2
from siohub.errors import Closed, LeaseLost, OutcomeUnknown, TooLarge, Unavailable

from . import commands
from .attachment import DEFAULT_ENVELOPE
from .capabilities import unknown
from .keys import Keys
from .messages import in_envelope
from .outbox import Entry, Outbox
from .results import ENDED, Place
from .status import status_error
from .work import Work, current

if TYPE_CHECKING:
    from .attachment import Attachment
    from .runner import Core
    from .wire import Wire

Answer = tuple[Any, list[Any]]  # the last result, and those before it

ASK_ELSEWHERE = 0.75  # how long a hub may say nothing before a question is asked of another one


class Line:
    """See the module."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.open: list[tuple[Attachment, Wire]] = []  # in the order in which they opened
        self.home: Attachment | None = None
        self.lobby = Outbox()  # what was said while there was no home, and nobody waits for
        self.keys = Keys()
        self._away: list[Attachment] = []  # suspended, and may have commands that have not left
        self._changed = asyncio.Event()

    # Streams.

    def begin(self, att: Attachment, wire: Wire) -> None:
        """A stream has opened. Commands that wait for a hub that is away take it."""
        att.open = True
        self.open.append((att, wire))
        self._away = [a for a in self._away if a is not att and a.ended is None]
        self._change()
        for entry in self.lobby.take_movable():
            (self.home or att).outbox.push(entry)
        for other in list(self._away):
            self._move_from(other)

    def end(self, att: Attachment) -> None:
        """A stream has ended; its attachment may come back. What has not left goes to another
        hub, if one is there."""
        att.open = False
        self.open = [(a, w) for a, w in self.open if a is not att]
        self._away = [a for a in self._away if a.ended is None] + [att]
        self._change()
        self._move_from(att)

    def _change(self) -> None:
        if self.home is None or all(a is not self.home for a, _ in self.open):
            self.home = self.open[0][0] if self.open else None
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def wake_all(self) -> None:
        """Lets who waits look again: the core has closed."""
        self._change()

    def _move_from(self, att: Attachment) -> None:
        home = self.home
        if home is None or home is att or att.open:
            return
        for entry in att.outbox.take_movable():
            if entry.command_id:
                att.results.give_back(entry.command_id)  # its caller finds the other hub
            else:
                home.outbox.push(entry)

    @property
    def several(self) -> bool:
        """Whether more than one stream is open."""
        return len(self.open) > 1

    def wire_of(self, hub_id: str) -> Wire | None:
        """The connection of the stream to a hub; to home where there is none."""
        for att, wire in self.open:
            if att.peer.hub_id == hub_id:
                return wire
        return self.open[0][1] if self.open else None

    # Where to.

    async def wait_home(self, timeout: float | None) -> Attachment:
        """Home, or the wait for it. Raises Unavailable, Closed."""
        deadline = None if timeout is None else self.core.loop.time() + timeout
        while self.home is None:
            if self.core.closed:
                raise Closed("the service has closed")
            left = None if deadline is None else deadline - self.core.loop.time()
            if left is not None and left <= 0:
                raise Unavailable("no hub can be reached")
            waiter = self._changed.wait()
            try:
                await asyncio.wait_for(waiter, left)
            except asyncio.TimeoutError:
                raise Unavailable("no hub can be reached") from None
        return self.home

    def work_of(self) -> Work | None:
        """The delivery whose handler runs, as long as commands belong to it."""
        work = current.get()
        return work if work is not None and work.core is self.core and work.att is not None else None

    def route(self, key: str, at: str) -> tuple[Attachment | None, Work | None]:
        """The attachment for a command, None while there is none; and the delivery to which it
        belongs. Raises LeaseLost, OutcomeUnknown."""
        work = self.work_of()
        if work is not None:
            if work.cause is not None and not work.settled:
                raise work.cause
            if work.att is not None and work.att.ended is None and not work.settled:
                return work.att, work
            at = at or (work.att.peer.hub_id if work.att else "")
        home = self.home
        if home is None:
            return None, None
        keyed = self.keys.at(key)
        at = keyed or at
        if at and at != home.peer.hub_id:
            for att, _ in self.open:
                if att.peer.hub_id == at:
                    return att, None
            if keyed:
                raise OutcomeUnknown("only the hub that knows the idempotency key can be asked, and it is away")
        return home, None

    # Commands that nobody waits for.

    def post(self, command: Any, at: str = "") -> bool:
        """Queues a command in the order of the program. False when there is no room, or no
        hub and too much waits for one: then wait_room. Raises LeaseLost, TooLarge, Closed."""
        if self.core.closed:
            raise Closed("the service has closed")
        att, work = self.route(command.idempotency_key, at)
        box = self.lobby if att is None else att.outbox
        command.delivery_seq = work.seq if work is not None else 0
        data = in_envelope(attach_pb2.Action(command=command))
        self._fits(att, command, len(data))
        if not box.has_room(len(data)):
            return False
        movable = work is None and not command.idempotency_key
        box.push(Entry(data, counted=True, movable=movable))
        if att is not None:
            if command.idempotency_key:
                self.keys.put(command.idempotency_key, att.peer.hub_id)
            if work is None and not att.open:
                self._move_from(att)
        return True

    async def wait_room(self, size: int, at: str = "") -> None:
        """Waits until post may have room. Raises Unavailable."""
        att, _ = self.route("", at)
        if att is None:
            await self.wait_home(self.core.options.command_timeout)
        else:
            await att.outbox.room(size)

    async def send(self, command: Any, at: str = "") -> None:
        """post that waits for room."""
        while not self.post(command, at):
            await self.wait_room(command.ByteSize(), at)

    # Commands with a result.

    async def do(self, command: Any, at: str = "", on_part: Callable[[Any], None] | None = None) -> Answer:
        """Queues a command and waits for its last result. Raises StatusError, LeaseLost,
        Unavailable, OutcomeUnknown, TooLarge, Closed."""
        while True:
            if self.core.closed:
                raise Closed("the service has closed")
            att, work = self.route(command.idempotency_key, at)
            if att is None:
                att = await self.wait_home(self.core.options.command_timeout)
                continue
            answer = await self.do_at(att, work, command, on_part)
            if answer is not None:
                return answer

    async def do_at(
        self, att: Attachment, work: Work | None, command: Any, on_part: Callable[[Any], None] | None = None
    ) -> Answer | None:
        """do at one hub; None when the command was not taken, or has not left."""
        place = await att.results.reserve(on_part)
        if place is None:
            self._over(work)
            return None
        try:
            data = self._data(att, work, place, command)
            await att.outbox.room(len(data))
        except BaseException:
            att.results.give_back(place.id)
            raise
        if not self._push(att, work, place, command, data):
            self._over(work)
            return None
        return await self._result(place, work)

    def start(self, command: Any, at: str = "", on_part: Callable[[Any], None] | None = None) -> Coroutine[Any, Any, Answer]:
        """do that has queued the command when it returns, in the order of the program, unless it
        has to wait; what it returns is to be awaited."""
        if self.core.closed:
            raise Closed("the service has closed")
        att, work = self.route(command.idempotency_key, at)
        place = att.results.reserve_now(on_part) if att is not None else None
        if att is None or place is None:
            return self.do(command, at, on_part)
        try:
            data = self._data(att, work, place, command)
            queued = att.outbox.has_room(len(data)) and self._push(att, work, place, command, data)
        except BaseException:
            att.results.give_back(place.id)
            raise
        if not queued:
            att.results.give_back(place.id)
            return self.do(command, at, on_part)
        return self._begun(place, work, command, at, on_part)

    async def _begun(self, place: Place, work: Work | None, command: Any, at: str, on_part: Any) -> Answer:
        answer = await self._result(place, work)
        return answer if answer is not None else await self.do(command, at, on_part)

    def _data(self, att: Attachment, work: Work | None, place: Place, command: Any) -> bytes:
        """The command as it travels. Raises TooLarge."""
        command.command_id = place.id
        command.delivery_seq = work.seq if work is not None and not work.settled else 0
        data = in_envelope(attach_pb2.Action(command=command))
        self._fits(att, command, len(data))
        return data

    @staticmethod
    def _fits(att: Attachment | None, command: Any, size: int) -> None:
        limit = att.max_envelope if att is not None else DEFAULT_ENVELOPE
        if size > limit:
            raise TooLarge(size, limit, commands.heavy(command))

    def _push(self, att: Attachment, work: Work | None, place: Place, command: Any, data: bytes) -> bool:
        movable = work is None and not command.idempotency_key and not command.HasField("acknowledge")
        if not att.outbox.push(Entry(data, counted=True, movable=movable, command_id=place.id)):
            return False
        self.keys.put(command.idempotency_key, att.peer.hub_id)
        if work is None and not att.open:
            self._move_from(att)
        return True

    async def _result(self, place: Place, work: Work | None) -> Answer | None:
        last = await place.last
        if last is None:
            return None
        if last is ENDED:
            if work is not None and work.cause is not None and not work.settled:
                raise work.cause
            raise OutcomeUnknown("the stream was lost before the result came")
        error = status_error(last.status)
        if error is not None and not last.HasField("ack_total") and not last.HasField("call_total"):
            raise unknown(error, command_pb2.Command.DESCRIPTOR)
        return last, place.parts

    def _over(self, work: Work | None) -> None:
        """What a command comes to that an attachment did not take."""
        if self.core.closed:
            raise Closed("the service has closed")
        if work is not None and not work.settled:
            raise work.cause or LeaseLost("the attachment has ended")

    # Questions, which may be asked of several hubs.

    async def ask(self, command: Any, at: str = "") -> Answer:
        """do for what changes nothing: outside of handlers a hub that says nothing any more is
        not waited for while another one is there, and what went with a hub is asked again."""
        work = self.work_of()
        if work is not None and not work.settled:
            return await self.do(command, at)
        asked: list[Attachment] = []
        heard = 0
        tasks: set[asyncio.Task[Answer | None]] = set()
        try:
            while True:
                if not tasks:
                    att, _ = self.route("", at)
                    if att is None:
                        att = await self.wait_home(self.core.options.command_timeout)
                    tasks.add(self._ask_at(att, command))
                    asked.append(att)
                    heard = att.heard
                done, tasks = await asyncio.wait(tasks, timeout=ASK_ELSEWHERE, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    err = task.exception()
                    if err is not None and not isinstance(err, OutcomeUnknown):
                        raise err
                    if err is None and (answer := task.result()) is not None:
                        return answer
                if not done and asked[-1].heard == heard:
                    other = next((a for a, _ in self.open if a not in asked), None)
                    if other is not None:
                        tasks.add(self._ask_at(other, command))
                        asked.append(other)
                heard = asked[-1].heard
        finally:
            for task in tasks:
                task.cancel()

    def _ask_at(self, att: Attachment, command: Any) -> asyncio.Task[Answer | None]:
        copy = type(command)()
        copy.CopyFrom(command)
        return self.core.spawn(self.do_at(att, None, copy))
