"""The sockets that this process holds, with the rooms that they are in."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from typing import Any

Rooms = dict[str, dict[Any, dict[str, str]]]

PENDING, OPEN, LEAVING, GONE = range(4)
MAX_DEFERRED, MAX_DEFERRED_BYTES = 1024, 1 << 20  # emits for a socket whose connect handler runs


class Entry:
    """One socket. `rooms` are those that it is in, without its own."""

    __slots__ = (
        "after",
        "attempt",
        "busy",
        "dedupe",
        "deferred",
        "deferred_bytes",
        "eio_sid",
        "ending",
        "environ",
        "hub_id",
        "namespace",
        "own",
        "queue",
        "rooms",
        "session",
        "session_text",
        "sid",
        "state",
        "touched",
        "transport",
    )  # fmt: skip

    def __init__(self, sid: str, namespace: str, eio_sid: str, hub_id: str, transport: str) -> None:
        self.sid, self.namespace, self.eio_sid = sid, namespace, eio_sid
        self.hub_id, self.transport = hub_id, transport
        self.state = PENDING
        self.environ: dict[str, Any] = {}
        self.rooms: dict[Any, None] = {}
        self.own: dict[Any, bool] = {}  # changes made here that the hub has not told of yet
        self.session: Any = None
        self.session_text = ""  # as the hub keeps it
        self.touched = False
        self.deferred: deque[Any] = deque()  # emits made before the socket was let in
        self.deferred_bytes = 0
        self.after: list[Callable[[], object]] = []  # to do once it is in
        self.busy = False  # a handler runs that wants to be alone
        self.queue: deque[Callable[[], object]] | None = None
        self.dedupe = b""  # of its connected; empty until it is introduced
        self.attempt: tuple[Any, int] = (None, 0)  # the attachment and number of the delivery that was accepted
        self.ending = False  # disconnect() runs its handler, and takes it out afterwards

    def defer(self, command: Any) -> bool:
        """Keeps an emit until the socket is let in. False when older ones were dropped for it."""
        self.deferred.append(command)
        self.deferred_bytes += command.ByteSize()
        kept = True
        while len(self.deferred) > MAX_DEFERRED or self.deferred_bytes > MAX_DEFERRED_BYTES:
            self.deferred_bytes -= self.deferred.popleft().ByteSize()
            kept = False
        return kept

    def take_deferred(self) -> list[Any]:
        """What was kept."""
        kept, self.deferred, self.deferred_bytes = list(self.deferred), deque(), 0
        return kept


class Mirror:
    """Entries by sid, and rooms as python-socketio's manager has them:
    rooms[namespace][room][sid] = eio_sid, where the room None has everybody. Written and
    read with the lock held where there are threads."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.rooms: Rooms = {}
        self.environ: dict[str, dict[str, Any]] = {}
        self.browsers: dict[str, dict[str, Entry]] = {}  # by eio_sid and sid
        self.pending = 0  # entries that are not let in yet

    def clear(self) -> None:
        """Forgets everybody."""
        for of in (self.entries, self.rooms, self.environ, self.browsers):
            of.clear()
        self.pending = 0

    def find(self, sid: Any, namespace: str) -> Entry | None:
        """The entry of a socket in this namespace."""
        entry = self.entries.get(sid) if isinstance(sid, str) else None
        return entry if entry is not None and entry.namespace == namespace else None

    def add(self, entry: Entry) -> None:
        """A socket comes."""
        old = self.entries.get(entry.sid)
        if old is not None:
            self.remove(old)
        self.entries[entry.sid] = entry
        self.browsers.setdefault(entry.eio_sid, {})[entry.sid] = entry
        self.environ.setdefault(entry.eio_sid, entry.environ)
        entry.environ = self.environ[entry.eio_sid]
        self._enter(entry, None)
        self._enter(entry, entry.sid)
        if entry.state == PENDING:
            self.pending += 1

    def opened(self, entry: Entry) -> None:
        """A socket was let in."""
        if entry.state == PENDING:
            self.pending -= 1
            entry.state = OPEN

    def remove(self, entry: Entry) -> None:
        """A socket has gone."""
        if entry.state == PENDING:
            self.pending -= 1
        entry.state = GONE
        if self.entries.get(entry.sid) is entry:
            del self.entries[entry.sid]
        for room in (*entry.rooms, entry.sid, None):
            self._leave(entry, room)
        siblings = self.browsers.get(entry.eio_sid, {})
        if siblings.get(entry.sid) is entry:
            del siblings[entry.sid]
            if not siblings:
                del self.browsers[entry.eio_sid]
                self.environ.pop(entry.eio_sid, None)

    def enter(self, entry: Entry, room: Any) -> bool:
        """Puts a socket into a room. Whether that is news."""
        if room == entry.sid or room in entry.rooms:
            return False
        entry.rooms[room] = None
        self._enter(entry, room)
        return True

    def leave(self, entry: Entry, room: Any) -> bool:
        """Takes a socket out of a room. Whether that is news."""
        if room not in entry.rooms:
            return False
        del entry.rooms[room]
        self._leave(entry, room)
        return True

    def set_rooms(self, entry: Entry, rooms: Iterable[Any]) -> None:
        """The hub says which rooms a socket is in."""
        wanted = dict.fromkeys(rooms)
        for room in [r for r in entry.rooms if r not in wanted and r not in entry.own]:
            self.leave(entry, room)
        for room in wanted:
            if room not in entry.own:
                self.enter(entry, room)

    def told(self, entry: Entry, room: Any, joined: bool) -> None:
        """The hub tells of a change, which may be an older one than this process has made."""
        wish = entry.own.get(room)
        if wish is not None:
            if wish == joined:
                del entry.own[room]
            return
        if joined:
            self.enter(entry, room)
        else:
            self.leave(entry, room)

    def participants(self, namespace: str, room: Any) -> dict[str, str]:
        """The sockets in a room, or in several."""
        rooms = self.rooms.get(namespace, {})
        if isinstance(room, (list, tuple, set, frozenset)):
            found: dict[str, str] = {}
            for r in room:
                found.update(rooms.get(r, {}))
            return found
        return dict(rooms.get(room, {}))

    def _enter(self, entry: Entry, room: Hashable) -> None:
        self.rooms.setdefault(entry.namespace, {}).setdefault(room, {})[entry.sid] = entry.eio_sid

    def _leave(self, entry: Entry, room: Hashable) -> None:
        rooms = self.rooms.get(entry.namespace)
        members = rooms.get(room) if rooms is not None else None
        if rooms is None or members is None:
            return
        members.pop(entry.sid, None)
        if not members:
            del rooms[room]
            if not rooms:
                del self.rooms[entry.namespace]


# Rooms of other types than text, which other services see under these names.

_MARK = "\x02"
_objects: dict[str, Any] = {}


def room_name(room: Any) -> str:
    """The name under which the hub knows a room."""
    if isinstance(room, str):
        return room
    name = f"{_MARK}{type(room).__name__}:{room!r}"
    if name not in _objects and len(_objects) < 1 << 16:
        _objects[name] = room
    return name


def room_of(name: str) -> Any:
    """The room of a name."""
    if not name.startswith(_MARK):
        return name
    if name in _objects:
        return _objects[name]
    kind, _, text = name[1:].partition(":")
    try:
        if kind in ("int", "float"):
            return int(text) if kind == "int" else float(text)
        if kind == "bool":
            return text == "True"
    except ValueError:
        pass
    return name
