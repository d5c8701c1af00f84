"""Whom a command is for, and the commands and queries that have a target."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from siohub._core import commands
from siohub._core.codec import encode_json
from siohub._core.status import status_error
from siohub.errors import AckTimeout, SocketGone

from .answers import Ack, Acks, EmitResult, Listing, SocketInfo
from .decisions import Handshake
from .socket import Socket
from .values import encode_args, payload_of, to_time

if TYPE_CHECKING:
    from .service import Service


@dataclass(frozen=True)
class Target:
    """Picks sockets of one namespace: the union of sockets, rooms and users, each socket once,
    less the exceptions. Each method gives a changed copy. One that picks nobody is an error of
    the command, never everybody; a name that nobody has matches nobody, which is no error."""

    service: Service = field(repr=False)
    namespace: str
    _sockets: tuple[str, ...] = ()
    _rooms: tuple[str, ...] = ()
    _users: tuple[str, ...] = ()
    _except_sockets: tuple[str, ...] = ()
    _except_rooms: tuple[str, ...] = ()
    _except_users: tuple[str, ...] = ()
    _all: bool = False
    _volatile: bool = False
    _compress: bool = True
    _timeout: float | None = None
    _key: str = ""
    _version: int | None = None

    def to(self, *rooms: str) -> Target:
        """Adds the members of rooms."""
        return replace(self, _rooms=self._rooms + rooms)

    def sockets(self, *ids: str) -> Target:
        """Adds sockets by their ids."""
        return replace(self, _sockets=self._sockets + ids)

    def users(self, *ids: str) -> Target:
        """Adds all sockets of users."""
        return replace(self, _users=self._users + ids)

    def all(self) -> Target:
        """Picks the whole namespace. It excludes to, sockets and users."""
        return replace(self, _all=True)

    def except_(self, *rooms: str) -> Target:
        """Leaves the members of rooms out."""
        return replace(self, _except_rooms=self._except_rooms + rooms)

    def except_sockets(self, *ids: str) -> Target:
        """Leaves sockets out."""
        return replace(self, _except_sockets=self._except_sockets + ids)

    def except_users(self, *ids: str) -> Target:
        """Leaves all sockets of users out."""
        return replace(self, _except_users=self._except_users + ids)

    def volatile(self) -> Target:
        """Lets an emit be dropped for a browser that cannot take it at this moment."""
        return replace(self, _volatile=True)

    def no_compress(self) -> Target:
        """Sends an emit without compression."""
        return replace(self, _compress=False)

    def timeout(self, seconds: float) -> Target:
        """How long emit_with_ack waits: more than 0, at most 300. Default Options.ack_timeout."""
        return replace(self, _timeout=seconds)

    def _within(self, timeout: float | None) -> Target:
        return replace(self, _timeout=timeout)

    def idempotency_key(self, key: str) -> Target:
        """Makes a command safe to repeat: within 5 minutes the hub answers a second one under this
        key (at most 128 bytes) with the result of the first, and does nothing."""
        return replace(self, _key=key)

    def expect_version(self, version: int) -> Target:
        """Makes set_data leave sockets alone whose data has another version."""
        return replace(self, _version=version)

    # Commands.

    def _target(self) -> Any:
        return commands.target(
            self.namespace, sockets=self._sockets, rooms=self._rooms, users=self._users, all_=self._all,
            except_sockets=self._except_sockets, except_rooms=self._except_rooms, except_users=self._except_users,
        )  # fmt: skip

    def _held_by(self) -> str:
        """The hub that alone holds what the target picks, as far as this process knows."""
        core = self.service._core
        if core is None or not core.line.several or self._all or self._rooms or self._users:
            return ""
        holders = {core.hubs.holder(sid) for sid in self._sockets}
        return holders.pop() if len(holders) == 1 else ""

    def _emit(self, event: str, args: tuple[Any, ...]) -> Any:
        return commands.emit(
            self._target(), commands.check_event(event), encode_args(args),
            volatile=self._volatile, compress=self._compress, key=self._key,
        )  # fmt: skip

    async def emit(self, event: str, *args: Any) -> None:
        """Sends an event, and returns once it is queued: it leaves with whatever else is queued,
        in order with all other commands. A failure in the hub is logged. Raises LeaseLost,
        Unavailable, TooLarge, Closed, InvalidArgument, or TypeError and ValueError for
        arguments that are no JSON."""
        await self.service._line().send(self._emit(event, args), self._held_by())

    async def emit_result(self, event: str, *args: Any) -> EmitResult:
        """emit that waits for the hub's answer. Raises StatusError, OutcomeUnknown too."""
        return await self._do(self._emit(event, args))

    async def emit_with_ack(self, event: str, *args: Any) -> Acks:
        """Sends an event and waits until each browser has acknowledged, has left, or the time is
        over. Raises AckTimeout or SocketGone when some did not, with `acks` as an attribute."""
        command = commands.with_ack(self._emit(event, args), self.service._ack_timeout(self._timeout))
        last, _ = await self.service._line().do(command, self._held_by())
        if not last.HasField("ack_total"):
            raise status_error(last.status) or SocketGone("nobody was asked")
        acks = _acks(last)
        _check(acks)
        return acks

    async def emit_each_ack(self, event: str, *args: Any) -> AsyncIterator[Ack]:
        """emit_with_ack for large targets: yields each acknowledgement as it arrives, then raises
        when not all did."""
        command = commands.with_ack(self._emit(event, args), self.service._ack_timeout(self._timeout), commands.EACH)
        queue: asyncio.Queue[Any] = asyncio.Queue()
        task = asyncio.ensure_future(self.service._line().do(command, self._held_by(), queue.put_nowait))
        task.add_done_callback(queue.put_nowait)
        try:
            while (part := await queue.get()) is not task:
                if part.HasField("browser_ack"):
                    yield _ack(part.browser_ack)
            last, _ = task.result()
            _check(_acks(last))
        finally:
            task.cancel()

    async def _do(self, command: Any) -> EmitResult:
        last, _ = await self.service._line().do(command, self._held_by())
        return result_of(last)

    async def join(self, *rooms: str) -> EmitResult:
        """Puts the sockets into rooms, at most 1024 for each, and waits until that is done."""
        return await self._do(commands.update_rooms(self._target(), rooms, key=self._key))

    async def leave(self, *rooms: str) -> EmitResult:
        """Takes the sockets out of rooms and waits until that is done."""
        return await self._do(commands.update_rooms(self._target(), (), rooms, key=self._key))

    async def disconnect(self, *, close_transport: bool = False) -> EmitResult:
        """Makes the sockets leave the namespace, or closes their browsers' whole connections."""
        return await self._do(commands.disconnect(self._target(), close_transport, key=self._key))

    async def set_data(self, data: Any) -> EmitResult:
        """Replaces socket.data by JSON of at most 64 KiB; None removes it."""
        raw = b"" if data is None else encode_json(data, "set_data.data")
        return await self._do(commands.set_data(self._target(), raw, version=self._version, key=self._key))

    async def merge_data(self, patch: Any) -> EmitResult:
        """Changes members of socket.data by a JSON merge patch (RFC 7396)."""
        command = commands.set_data(
            self._target(), encode_json(patch, "set_data.data"), merge=True, version=self._version, key=self._key
        )
        return await self._do(command)

    # Queries.

    async def fetch_sockets(self) -> list[SocketInfo]:
        """The sockets with all that is known of them, after every command made before. The list's
        `missing_hubs` are hubs that could not be asked."""
        return await self._list(
            commands.fetch(self._target()), "sockets", lambda info: _info(self.service, info), self._held_by()
        )

    async def count_sockets(self) -> int:
        """How many there are."""
        last, _ = await self.service._line().ask(commands.count(self._target()), self._held_by())
        return last.count  # type: ignore[no-any-return]

    async def list_rooms(self, prefix: str = "") -> list[tuple[str, int]]:
        """Rooms of the whole namespace with how many sockets they have, sorted."""
        command = commands.list_rooms(self.namespace, prefix)
        return await self._list(command, "rooms", lambda room: (room.name, room.socket_count))

    async def count_users(self) -> int:
        """How many users have a socket in the namespace."""
        last, _ = await self.service._line().ask(commands.count_users(self.namespace))
        return last.count  # type: ignore[no-any-return]

    async def list_users(self, prefix: str = "") -> list[tuple[str, int]]:
        """Users of the whole namespace with how many sockets they have, sorted."""
        command = commands.list_users(self.namespace, prefix)
        return await self._list(command, "users", lambda user: (user.id, user.socket_count))

    async def _list(self, command: Any, field: str, make: Callable[[Any], Any], at: str = "") -> Listing:
        """All pages of an answer."""
        last, parts = await self.service._line().ask(command, at)
        found = Listing(make(item) for page in (*parts, last) for item in getattr(page, field))
        found.missing_hubs = tuple(last.missing_hub_ids)
        return found


def result_of(last: Any) -> EmitResult:
    """What came of a command."""
    return EmitResult(
        last.matched_count, last.queued_count, last.dropped_count, last.stored_count, last.data_version,
        last.duplicate, tuple(last.missing_hub_ids),
    )  # fmt: skip


def _ack(ack: Any) -> Ack:
    return Ack(ack.socket_id, payload_of(ack.payload))


def _acks(last: Any) -> Acks:
    total = last.ack_total
    return Acks(
        total.expected_count, total.acked_count, total.timed_out_count, total.disconnected_count,
        total.omitted_count, [_ack(ack) for ack in total.acks], tuple(last.missing_hub_ids),
    )  # fmt: skip


def _check(acks: Acks) -> None:
    err: Exception | None = None
    if acks.timed_out:
        err = AckTimeout(f"{acks.timed_out} of {acks.expected} did not acknowledge in time")
    elif acks.disconnected:
        err = SocketGone(f"{acks.disconnected} of {acks.expected} left before they acknowledged")
    if err is not None:
        err.acks = acks  # type: ignore[attr-defined]
        raise err


def _info(service: Service, info: Any) -> SocketInfo:
    return SocketInfo(
        Socket(service, info.socket), list(info.rooms), info.socket.transport, to_time(info, "connect_time"),
        Handshake(info.handshake),
    )  # fmt: skip
