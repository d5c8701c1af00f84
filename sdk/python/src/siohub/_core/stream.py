"""One connection to a hub, from the hello to its end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from siohub._pb import attach_pb2
from siohub.errors import Closed, HubError, Superseded, Unavailable

from . import messages
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
        self._wake: asyncio.Future[None] | None = None
        self._silent = self._stalled = self._beats_received = self._beats_sent = 0

    async def serve(self) -> BaseException | None:
        """Keeps the stream until it ends, and says why: None after a clean end."""
        self._wake_sender()
        self.att.outbox.wake = self._wake_sender
        reader = self.core.spawn(self._read())
        sender = self.core.spawn(self._send())
        self.core.line.begin(self.att, self.wire)
        try:
            return await self._supervise(reader)
        finally:
            self.att.outbox.wake = None
            self.call.cancel()
            reader.cancel()
            sender.cancel()
            await asyncio.gather(reader, sender, return_exceptions=True)
            self.core.line.end(self.att)

    # Up.

    def _wake_sender(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

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

    async def _read(self) -> BaseException | None:
        att, call, apply = self.att, self.call, self.att.receiver.apply
        apply(self._early)
        self._early = ()
        try:
            while True:
                raw = await call.read()
                if raw is None:
                    return None
                envelope = parse(raw)
                self._received += 1
                att.heard += 1
                att.outbox.receipt(envelope.ack_envelope_seq)
                number = envelope.envelope_seq
                if number and number <= att.received:
                    continue  # was applied before the stream broke
                apply(envelope.items)
                if number:
                    att.received = number
                    self._unreceipted += 1
                    if self._unreceipted >= RECEIPT_EVERY:
                        self._nudged = True
                        self._wake_sender()
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
