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
from siohub.errors import Closed, LeaseLost, OutcomeUnknown, TooLarge

from . import commands
from .attachment import DEFAULT_ENVELOPE
from .capabilities import unknown
from .messages import in_envelope
from .outbox import Entry
from .results import ENDED, Place
from .status import status_error
from .ways import Ways
from .work import Work

if TYPE_CHECKING:
    from .attachment import Attachment

Answer = tuple[Any, list[Any]]  # the last result, and those before it

ASK_ELSEWHERE = 0.75  # how long a hub may say nothing before a question is asked of another one


class Line(Ways):
    """See the module."""

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

    def start(
        self, command: Any, at: str = "", on_part: Callable[[Any], None] | None = None
    ) -> Coroutine[Any, Any, Answer]:
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
                    other = next((a for a in self.open if a not in asked), None)
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
