"""What this process knows of one hub process: the sockets there to which its program was
introduced. It outlives attachments."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from google.protobuf import timestamp_pb2

from siohub._pb import delivery_pb2, socket_pb2, subscription_pb2

if TYPE_CHECKING:
    from .attachment import Attachment
    from .link import Link
    from .program import Program

HUB_LOST = "hub lost"
ELSEWHERE = "the socket came back at another hub"


class Member:
    """A socket as this process knows it."""

    __slots__ = (
        "data",
        "data_version",
        "dedupe_id",
        "gone",
        "rooms",
        "rooms_version",
        "round",
        "socket",
        "sub",
        "told",
    )

    def __init__(self, sub: int, dedupe_id: bytes) -> None:
        self.sub = sub  # id of the subscription by which it was introduced
        self.dedupe_id = dedupe_id  # of its connected
        self.socket: Any = None
        self.round = 0  # in which it was introduced last
        self.told = False  # the program has heard of it, and has to hear of its end
        self.gone = False  # its end was told by the kit: what the hub still says is late
        self.rooms: list[str] = []
        self.rooms_version = 0
        self.data = b""
        self.data_version = 0

    def disconnected(self, detail: str) -> Any:
        """The delivery that the member's hub owes: the same whichever process makes it."""
        now = timestamp_pb2.Timestamp()
        now.GetCurrentTime()
        return delivery_pb2.Delivery(
            dedupe_id=hashlib.sha256(self.dedupe_id + HUB_LOST.encode()).digest()[:16],
            attempt=1,
            socket=self.socket,
            subscription_id=self.sub,
            disconnected=delivery_pb2.Disconnected(
                reason=HUB_LOST, detail=detail, rooms=self.rooms, disconnect_time=now
            ),
        )


class Peer:
    """One hub process, by its id."""

    def __init__(self, hub_id: str) -> None:
        self.hub_id = hub_id
        self.members: dict[str, Member] = {}
        self.round = 0  # grows with each attachment
        self.dropped = False  # lifecycle records were dropped since the last introduction
        # Where it stands; written by Hubs.
        self.link: Link | None = None  # that has a stream to it
        self.att: Attachment | None = None  # the newest; may be suspended, or have ended
        self.tells: dict[str, str] = {}  # the hubs that it said to be alive last
        self.named: set[str] = set()  # the hubs that it has ever named

    def introduce(self, delivery: Any) -> Member:
        """Makes a member of a socket whose connected has arrived. One that is introduced again
        is the same member."""
        connected, sid = delivery.connected, delivery.socket.id
        member = self.members.get(sid)
        if member is None or member.dedupe_id != delivery.dedupe_id:
            member = self.members[sid] = Member(delivery.subscription_id, delivery.dedupe_id)
        member.socket, member.round = socket_pb2.Socket(), self.round
        member.socket.CopyFrom(delivery.socket)  # by itself, without its envelope
        if member.rooms_version <= connected.rooms_version:
            member.rooms, member.rooms_version = list(connected.rooms), connected.rooms_version
        return member

    def live(self, sid: str) -> Member | None:
        """A member whose end was not told."""
        member = self.members.get(sid)
        return None if member is None or member.gone else member

    def left(self, sid: str) -> Member | None:
        """Takes out a member that has come back at another hub; None if nobody has to be told."""
        member = self.live(sid)
        if member is None:
            return None
        member.gone = True
        return member if member.told else None

    def forget(self, sid: str, member: Member) -> None:
        """Drops a member, unless its id has another life by now."""
        if self.members.get(sid) is member:
            del self.members[sid]

    def rooms_changed(self, change: Any) -> Member | None:
        """Applies a change; None for one that is known already."""
        member = self.members.get(change.socket_id)
        if member is None or change.rooms_version <= member.rooms_version:
            return None
        rooms = dict.fromkeys(room for room in member.rooms if room not in set(change.left))
        rooms.update(dict.fromkeys(change.joined))
        member.rooms, member.rooms_version = list(rooms), change.rooms_version
        return member

    def release(self, ids: Sequence[str]) -> list[Member]:
        """Takes members out that another process holds by now."""
        return [self.members.pop(sid) for sid in ids if sid in self.members]

    def introduced(self, program: Program) -> tuple[list[Member], list[Member]]:
        """Everybody who is there has been introduced: whom this process does not hold any
        more, and who has gone without a word because the hub dropped what it had to say."""
        released: list[Member] = []
        gone: list[Member] = []
        for sid, member in list(self.members.items()):
            if member.round == self.round:
                continue
            how = program.introduction(member)
            if self.dropped and how >= subscription_pb2.INTRODUCTION_ON_ATTACH:
                if member.told and not member.gone:
                    gone.append(member)
                member.gone = True
                del self.members[sid]
            else:
                released.append(member)
                del self.members[sid]
        self.dropped = False
        return released, gone

    def lost(self) -> list[Member]:
        """Takes out all members, and returns those of whom the program has heard."""
        gone = [m for m in self.members.values() if m.told and not m.gone]
        for member in self.members.values():
            member.gone = True
        self.members = {}
        return gone

    # Lists of hubs.

    def says(self, hubs: Sequence[Any]) -> None:
        """Takes a list. One without anybody says nothing."""
        if not hubs:
            return
        self.tells = {hub.id: hub.control_address for hub in hubs[:MAX_HUBS]}
        if len(self.named) > 2 * MAX_HUBS:
            self.named.clear()
        self.named.update(self.tells)

    def misses(self, hub_id: str) -> bool:
        """Whether the hub, which is attached, has named another one and does so no more."""
        return self.link is not None and hub_id in self.named and hub_id not in self.tells


MAX_HUBS = 1024
