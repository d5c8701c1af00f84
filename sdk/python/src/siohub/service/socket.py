"""One browser in one namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siohub.errors import SocketGone

from .values import from_json

if TYPE_CHECKING:
    from .service import Service
    from .target import Target


class Socket:
    """One browser in one namespace, as it was when the delivery or the query was made. It may be
    kept; commands to one that has left reach nobody, which is no error."""

    def __init__(self, service: Service, socket: Any, data: bytes | None = None) -> None:
        self._service = service
        self.id: str = socket.id
        self.namespace: str = socket.namespace
        self.user: str = socket.user
        self.hub_id: str = socket.hub_id
        self.transport: str = socket.transport
        self.client_id: str = socket.client_id
        self.data_version: int = socket.data_version
        self._data: bytes = socket.data if data is None else data

    def __repr__(self) -> str:
        return f"Socket({self.id!r}, {self.namespace!r}, user={self.user!r})"

    @property
    def data(self) -> Any:
        """socket.data; None when there is none."""
        return from_json(self._data)

    @property
    def rooms(self) -> list[str] | None:
        """Its rooms at this moment, sorted, where the namespace tracks rooms and this process
        holds the socket; None otherwise. Asks nobody."""
        return self._service._rooms_of(self.id)

    @property
    def target(self) -> Target:
        """This socket alone."""
        return self._service.in_(self.namespace).sockets(self.id)

    def to(self, *rooms: str) -> Target:
        """The members of rooms, this socket left out."""
        return self._service.in_(self.namespace).to(*rooms).except_sockets(self.id)

    def broadcast(self) -> Target:
        """Everybody in the namespace but this socket."""
        return self._service.in_(self.namespace).all().except_sockets(self.id)

    async def emit(self, event: str, *args: Any) -> None:
        """See Target.emit."""
        await self.target.emit(event, *args)

    async def emit_with_ack(self, event: str, *args: Any, timeout: float | None = None) -> list[Any]:
        """Sends an event and waits for the browser's acknowledgement: its arguments. Raises
        AckTimeout, SocketGone."""
        acks = await self.target._within(timeout).emit_with_ack(event, *args)
        if not acks.acks:
            raise SocketGone(f"{self.id} is not there")
        return acks.acks[0].args

    async def join(self, *rooms: str) -> None:
        """Puts it into rooms."""
        await self.target.join(*rooms)

    async def leave(self, *rooms: str) -> None:
        """Takes it out of rooms."""
        await self.target.leave(*rooms)

    async def disconnect(self, *, close_transport: bool = False) -> None:
        """Makes it leave."""
        await self.target.disconnect(close_transport=close_transport)

    async def set_data(self, data: Any) -> None:
        """Replaces socket.data; this object keeps what it came with."""
        await self.target.set_data(data)

    async def merge_data(self, patch: Any) -> None:
        """Changes members of socket.data."""
        await self.target.merge_data(patch)
