"""What an attachment has to say to its hub, in order, and what it said without a receipt."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

BATCH_ITEMS, BATCH_BYTES = 256, 48 << 10  # targets of a batch, not limits
ROOM_ITEMS, ROOM_BYTES = 4096, 4 << 20  # of commands that wait
KEEP_ITEMS, KEEP_BYTES = 64 << 10, 32 << 20  # of what has no receipt


class Entry:
    """One action, as the bytes that it has in an envelope."""

    __slots__ = ("command_id", "counted", "data", "movable")

    def __init__(self, data: bytes, *, counted: bool = False, movable: bool = False, command_id: int = 0) -> None:
        self.data = data
        self.counted = counted  # it takes room of commands
        self.movable = movable  # another hub may take it
        self.command_id = command_id


class Outbox:
    """One list with a mark: entries that were sent and have no receipt, then those that wait.
    Beyond KEEP_ITEMS or KEEP_BYTES what was sent is forgotten, and a broken stream cannot be
    taken up."""

    def __init__(self) -> None:
        self.waiting: deque[Entry] = deque()
        self.last = 0  # number of the last envelope
        self.keeps = False
        self.forgotten = False
        self.ended = False
        self._sent: deque[tuple[int, list[Entry], int]] = deque()  # number, entries, bytes
        self._kept_items = self._kept_bytes = 0
        self._room_items = self._room_bytes = 0
        self._waiters: deque[asyncio.Future[None]] = deque()
        self.wake: Callable[[], None] | None = None  # of the stream's sender
        self.flush: Callable[[], None] | None = None  # sends at once what waits, where a stream can

    def __len__(self) -> int:
        return len(self.waiting)

    def push(self, entry: Entry, *, wake: bool = True) -> bool:
        """Adds an entry. False once the attachment has ended."""
        if self.ended:
            return False
        if entry.counted:
            self._room_items += 1
            self._room_bytes += len(entry.data)
        self.waiting.append(entry)
        if wake and self.wake is not None:
            self.wake()
        return True

    def has_room(self, size: int) -> bool:
        """Whether a command of this size fits; one always fits an empty queue."""
        return self._room_items == 0 or (self._room_items < ROOM_ITEMS and self._room_bytes + size <= ROOM_BYTES)

    async def room(self, size: int) -> None:
        """Waits until has_room, or the end."""
        while not self.ended and not self.has_room(size):
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter

    def take(self) -> list[Entry]:
        """Takes a batch of what waits."""
        batch: list[Entry] = []
        size = 0
        waiting = self.waiting
        while waiting and len(batch) < BATCH_ITEMS:
            entry = waiting[0]
            if batch and size + len(entry.data) > BATCH_BYTES:
                break
            size += len(entry.data)
            batch.append(waiting.popleft())
            if entry.counted:
                self._release(entry)
        return batch

    def number(self, batch: list[Entry]) -> int:
        """Numbers an envelope that has these entries."""
        self.last += 1
        if self.keeps and not self.forgotten:
            size = len(batch[0].data) if len(batch) == 1 else sum(len(e.data) for e in batch)
            self._sent.append((self.last, batch, size))
            self._kept_items += len(batch) or 1
            self._kept_bytes += size
            if self._kept_items > KEEP_ITEMS or self._kept_bytes > KEEP_BYTES:
                self._forget()
                self.forgotten = True
        return self.last

    def receipt(self, number: int) -> None:
        """Forgets envelopes up to this number."""
        sent = self._sent
        while sent and sent[0][0] <= number:
            _, batch, size = sent.popleft()
            self._kept_items -= len(batch) or 1
            self._kept_bytes -= size

    def rewind(self, number: int) -> bool:
        """Puts what the hub has not applied, which is all after this number, in front of what
        waits. False when it was forgotten."""
        if self.forgotten or number > self.last:
            return False
        self.receipt(number)
        if self._sent and self._sent[0][0] != number + 1:
            return False
        back = [entry for _, batch, _ in self._sent for entry in batch]
        for entry in back:
            if entry.counted:
                self._room_items += 1
                self._room_bytes += len(entry.data)
        self.waiting.extendleft(reversed(back))
        self._forget()
        self.last = number
        return True

    def take_movable(self) -> list[Entry]:
        """Takes out the commands that have not left and may go to another hub."""
        moved = [e for e in self.waiting if e.movable]
        if moved:
            self.waiting = deque(e for e in self.waiting if not e.movable)
            for entry in moved:
                self._release(entry)
        return moved

    def fail(self) -> int:
        """Empties it for good. Returns how many commands that nobody waits for were lost."""
        self.ended = True
        lost = sum(1 for e in self.waiting if e.counted and e.command_id == 0)
        self.waiting.clear()
        self._forget()
        self._room_items = self._room_bytes = 0
        self._rouse()
        return lost

    def _release(self, entry: Entry) -> None:
        self._room_items -= 1
        self._room_bytes -= len(entry.data)
        if self._waiters:
            self._rouse()

    def _rouse(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)

    def _forget(self) -> None:
        self._sent.clear()
        self._kept_items = self._kept_bytes = 0
