"""What handlers of events and of calls get, and how they answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from siohub._core import messages
from siohub._core.codec import decode
from siohub._core.work import Work
from siohub.errors import Answered, LeaseLost

from .values import encode_args, payload_of, to_time

if TYPE_CHECKING:
    from siohub._core.attachment import Attachment

    from .service import Service
    from .socket import Socket


class _Delivered:
    """What events and calls share: arguments and one answer."""

    def __init__(self, service: Service, work: Work, payload: Any) -> None:
        self.service, self._work = service, work
        self.payload = payload_of(payload)
        self.attempt: int = work.delivery.attempt
        self.dedupe_id: bytes = work.delivery.dedupe_id

    @property
    def args(self) -> list[Any]:
        """The arguments, decoded: binary is bytes."""
        return decode(*self.payload)

    @property
    def revoked(self) -> BaseException | None:
        """Why this is another try's business by now; None while it is not. The handler's task is
        cancelled at the same time."""
        return self._work.cause

    @property
    def traceparent(self) -> str:
        """The W3C trace context."""
        return self._work.delivery.traceparent  # type: ignore[no-any-return]

    def _reply(self, wanted: bool, args: tuple[Any, ...]) -> None:
        payload = encode_args(args, "reply.payload.args")
        if not wanted:
            return
        work, att = self._open()
        att.fits(payload.size, "reply.payload")
        if not work.settle(messages.reply(work.seq, payload)):
            raise LeaseLost("the attachment has ended")

    def _open(self) -> tuple[Work, Attachment]:
        """The delivery that has no answer yet. Raises LeaseLost, Answered."""
        work = self._work
        if work.cause is not None:
            raise work.cause
        if work.settled:
            raise Answered("the event has its one reply already")
        assert work.att is not None
        return work, work.att


class Event(_Delivered):
    """Something that a browser emitted."""

    def __init__(self, service: Service, work: Work, socket: Socket) -> None:
        event = work.delivery.event
        super().__init__(service, work, event.payload)
        self.socket = socket
        self.name: str = event.name
        self.wants_ack: bool = event.wants_ack

    @property
    def receive_time(self) -> datetime | None:
        """When the hub had read it."""
        return to_time(self._work.delivery.event, "receive_time")

    def reply(self, *args: Any) -> None:
        """Runs the browser's callback, at once and once: Answered afterwards. What was emitted
        before arrives before it. When the browser wants no acknowledgement it does nothing."""
        self._reply(self.wants_ack, args)

    def ack_later(self) -> LaterAck:
        """Settles the event now and leaves the browser's callback open. Raises Answered."""
        work, att = self._open()
        work.settle(messages.ack_later(work.seq) if self.wants_ack else messages.done(work.seq))
        return LaterAck(self.service, self.dedupe_id, att.peer.hub_id, self.wants_ack)


@dataclass(frozen=True)
class LaterAck:
    """An acknowledgement that was left open. A hub keeps at most 256 for each socket, and loses
    them with its own end."""

    service: Service
    dedupe_id: bytes
    hub_id: str
    wanted: bool

    async def reply(self, *args: Any) -> None:
        """Runs the browser's callback. Raises SocketGone when it has run, or the browser left."""
        if self.wanted:
            await self.service._acknowledge(self.dedupe_id, self.hub_id, args)


class Call(_Delivered):
    """A call of another service, or of Node's serverSideEmit. timeout: seconds for which the
    caller waits, None when it does not."""

    def __init__(self, service: Service, work: Work) -> None:
        call = work.delivery.service_call
        super().__init__(service, work, call.payload)
        self.group: str = call.group
        self.namespace: str = call.namespace
        self.name: str = call.name
        self.wants_answer: bool = call.wants_answer
        self.timeout = call.timeout.seconds + call.timeout.nanos / 1e9 if call.HasField("timeout") else None

    def reply(self, *args: Any) -> None:
        """Answers, at once and once."""
        self._reply(self.wants_answer, args)
