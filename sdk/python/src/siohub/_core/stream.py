"""One connection to a hub, from the hello to its end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from siohub._pb import attach_pb2
from siohub.errors import Closed, HubError, Superseded, Unavailable

from . import messages
from .leanwire import LeanCall
from .outbox import Entry
from .wire import Call, Wire

if TYPE_CHECKING:
    from .attachment import Attachment

MISSED_BEATS = 3
RECEIPT_EVERY = 32  # envelopes of the hub without an own one, after which a receipt goes by itself
DRAIN_PATIENCE = 1.0  # for the hub to end the stream of an instance that drains and has nothing to do

parse = attach_pb2.AttachResponse.FromString


class Stream:
    """What is worth more than a connection belongs to its attachment."""

    def __init__(self, att: Attachment, wire: Wire, call: Call, heartbeat: float, early: Any) -> None:
        self.att, self.core, self.wire, self.call = att, att.core, wire, call
        self.heartbeat = heartbeat
        self._early = early  # items that stood in the welcome's envelope
        self._received = 0
        self._unreceipted = 0
        self._nudged = False
        self._sending = False
        self._stopped = self._scheduled = False
        self._direct: LeanCall | None = None
        self._wake: asyncio.Future[None] | None = None
        self._silent = self._stalled = self._beats_received = self._beats_sent = 0

    async def serve(self) -> BaseException | None:
        """Keeps the stream until it ends, and says why: None after a clean end."""
        self.att.outbox.wake = self._wake_sender
        tasks = self._start()
        self.core.line.begin(self.att)
        try:
            return await self._supervise(tasks[0])
        finally:
            self.att.outbox.wake = self.att.outbox.flush = None
            self._stopped = True
            self.call.cancel()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.core.line.end(self.att)

    def _start(self) -> list[asyncio.Task[Any]]:
        """Begins to read and to send. The first task ends with the stream."""
        if not isinstance(self.call, LeanCall):
            return [self.core.spawn(self._read()), self.core.spawn(self._send())]
        ended = self.core.loop.create_future()
        self._direct = self.call
        self.att.outbox.flush = self._flush_now
        self.att.receiver.apply(self._early)
        self._early = ()
        self.call.listen(self._take, lambda: None if ended.done() else ended.set_result(None))
        self._wake_sender()
        return [self.core.spawn(self._end(ended, self.call))]

    async def _end(self, ended: asyncio.Future[None], call: LeanCall) -> BaseException | None:
        await ended
        try:
            await call.read()
            return None
        except HubError as err:
            return err

    # Up.

    def _wake_sender(self) -> None:
        if self._direct is not None:
            if not self._scheduled and not self._stopped:
                self._scheduled = True
                self.core.loop.call_soon(self._flush)
        elif self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def _flush_now(self) -> None:
        """Sends what waits, unless that waits for room already."""
        if not self._sending:
            scheduled = self._scheduled
            self._flush()
            self._scheduled = scheduled or self._scheduled

    def _flush(self) -> None:
        """Sends what waits, after all that runs in this turn of the loop has said its part."""
        att, outbox, call = self.att, self.att.outbox, self._direct
        self._scheduled = False
        while call is not None and not self._stopped and (outbox.waiting or self._nudged):
            batch = outbox.take()
            self._nudged = False
            self._unreceipted = 0
            number = outbox.number(batch)
            if not call.post(messages.envelope(number, att.received, [entry.data for entry in batch])):
                self._scheduled = self._sending = True
                self.core.spawn(self._flush_later(call))
                return
        if att.finished and call is not None and not self._stopped:
            self.core.spawn(call.finish())

    async def _flush_later(self, call: LeanCall) -> None:
        await call.drained()
        self._sending = False
        self._flush()

    async def _send(self) -> None:
        att, outbox, call, loop = self.att, self.att.outbox, self.call, self.core.loop
        while True:
            if not outbox.waiting and not self._nudged:
                if att.finished:
                    await call.finish()
                    return
                self._wake = loop.create_future()
                await self._wake
                continue
            batch = outbox.take()
            self._nudged = False
            self._unreceipted = 0
            number = outbox.number(batch)
            self._sending = True
            await call.write(messages.envelope(number, att.received, [entry.data for entry in batch]))
            self._sending = False

    # Down.

    def _take(self, raw: bytes) -> None:
        """Applies an envelope."""
        att = self.att
        envelope = parse(raw)
        self._received += 1
        att.heard += 1
        att.fresh = 0
        att.outbox.receipt(envelope.ack_envelope_seq)
        number = envelope.envelope_seq
        if number and number <= att.received:
            return  # was applied before the stream broke
        att.receiver.apply(envelope.items)
        if number:
            att.received = number
            self._unreceipted += 1
            if self._unreceipted >= RECEIPT_EVERY:
                self._nudged = True
                self._wake_sender()

    async def _read(self) -> BaseException | None:
        call = self.call
        self.att.receiver.apply(self._early)
        self._early = ()
        try:
            while True:
                raw = await call.read()
                if raw is None:
                    return None
                self._take(raw)
        except HubError as err:
            return err

    # The end.

    async def _supervise(self, reader: asyncio.Task[Any]) -> BaseException | None:
        core, loop = self.core, self.core.loop
        closing: asyncio.Task[Any] | None = core.spawn(core.closing.wait())
        idle: asyncio.Task[Any] | None = None
        beat = loop.time() + self.heartbeat
        patience: float | None = None
        try:
            while True:
                wait = {t for t in (reader, closing, idle) if t is not None}
                timeout = min(beat, patience or beat) - loop.time()
                finished, _ = await asyncio.wait(wait, timeout=max(timeout, 0), return_when=asyncio.FIRST_COMPLETED)
                if reader in finished:
                    return self._reason(reader.result())
                if self.att.ended is not None:
                    return self.att.ended
                if loop.time() >= beat:
                    beat = loop.time() + self.heartbeat
                    problem = self._tick()
                    if problem:
                        return Unavailable(problem)
                if closing is not None and closing in finished:
                    closing = None
                    self.att.outbox.push(Entry(messages.DRAIN))
                    idle = core.spawn(core.drained(self.att))
                if idle is not None and idle in finished:
                    idle, patience = None, loop.time() + DRAIN_PATIENCE
                if patience is not None and loop.time() >= patience:
                    patience = None
                    if core.is_drained(self.att):
                        self.att.finished = True
                        self._nudged = True
                        self._wake_sender()
                    else:
                        idle = core.spawn(core.drained(self.att))
        finally:
            for task in (closing, idle):
                if task is not None:
                    task.cancel()

    def _reason(self, err: BaseException | None) -> BaseException | None:
        if self.att.ended is not None and isinstance(self.att.ended, Closed):
            return self.att.ended
        said = self.att.receiver.said
        if said is not None:
            err = said
        self.att.receiver.said = None
        if getattr(err, "code", "") == "ABORTED":
            problem = Superseded(f"another process uses this instance id: {err}")
            problem.__cause__ = err
            return problem
        return err

    def _tick(self) -> str:
        """Is called once for each heartbeat interval. Says what is wrong."""
        self._silent = 0 if self._received != self._beats_received else self._silent + 1
        moved = self.call.sent != self._beats_sent or not self._sending
        self._stalled = 0 if moved else self._stalled + 1
        self._beats_received, self._beats_sent = self._received, self.call.sent
        self.att.outbox.push(Entry(messages.HEARTBEAT))
        if self._silent >= MISSED_BEATS:
            return "the hub has not been heard for three heartbeats"
        if self._stalled >= MISSED_BEATS:
            return "the hub has not read for three heartbeats"
        return ""
