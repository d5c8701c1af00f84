"""The hub processes that this process knows: which link leads to which of them, what each of
them says of the others, and which are lost.

             a stream opens                 it ends
    unknown ───────────────► attached ◄──────────────────► away
                                ▲        a stream opens      │ the others say so, another process
                                │  a stream opens            │ has its address, or its address
                                │  (its hello says `anew`)   ▼ is given up
                                └─────────────────────────  lost

A hub that is attached is never lost, whatever is said of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from siohub.errors import LeaseLost

from .peer import ELSEWHERE, MAX_HUBS, Member, Peer

if TYPE_CHECKING:
    from .attachment import Attachment
    from .link import Link
    from .runner import Core

MAX_LOST = 256


class NeedsAnew(Exception):
    """Another hello is needed: one that says, or does not say, that the hub's sockets were
    taken for lost."""

    def __init__(self, say: bool) -> None:
        super().__init__(f"the hub needs a hello with anew {say}")


class Hubs:
    """See the module."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.peers: dict[str, Peer] = {}
        self.lost: list[str] = []  # newest last
        self.freed: asyncio.Event = asyncio.Event()  # set and replaced when a stream has ended

    # What links tell.

    def meet(self, link: Link, welcome: Any, anew: bool) -> Peer:
        """A hub has welcomed a link with a new attachment."""
        hub_id = welcome.hub_id
        peer, was_lost = self.peers.get(hub_id), hub_id in self.lost
        if was_lost != anew and (was_lost or peer is not None):
            raise NeedsAnew(was_lost)
        if was_lost:
            self.lost.remove(hub_id)
        if peer is None:
            peer = self.peers[hub_id] = Peer(hub_id)
        peer.link = link
        peer.says(welcome.hubs)
        gone = self._judge()
        before = self.peers.get(link.last)
        if before is not None and before.link is None and not self._named(link.last):
            gone.append(self._lose(before))
        peer.round += 1
        self._mourn(gone)
        self.core.nudge()
        return peer

    def resumed(self, link: Link, peer: Peer, welcome: Any) -> None:
        """A link has taken up its attachment."""
        if self.peers.get(peer.hub_id) is not peer:
            raise NeedsAnew(True)  # it was taken for lost while the hello was under way
        peer.link = link
        self._say(peer, welcome.hubs)

    def ended(self, link: Link, peer: Peer) -> bool:
        """A link's stream has ended. Whether another link has one to the same hub by now."""
        replaced = peer.link is not None and peer.link is not link
        if peer.link is link:
            peer.link = None
        gone = self._judge()
        freed, self.freed = self.freed, asyncio.Event()
        freed.set()
        self._mourn(gone)
        self.core.nudge()
        return replaced

    def hear(self, peer: Peer, hubs: Sequence[Any]) -> None:
        """A hub tells its list."""
        self._say(peer, hubs)

    def abandon(self, link: Link, judge: bool) -> None:
        """A link has ended: unless the core closes nobody tries to reach its hub any more."""
        peer = self.peers.get(link.last)
        if judge and peer is not None and peer.link is None and not self._named(link.last):
            self._mourn([self._lose(peer)])

    def _say(self, peer: Peer, hubs: Sequence[Any]) -> None:
        peer.says(hubs)
        self._mourn(self._judge())
        self.core.nudge()

    # Who is lost.

    def _named(self, hub_id: str) -> bool:
        return any(hub_id in p.tells and p.link is not None and p.hub_id != hub_id for p in self.peers.values())

    def _judge(self) -> list[Peer]:
        away = [p for p in self.peers.values() if p.link is None]
        return [self._lose(p) for p in away if any(other.misses(p.hub_id) for other in self.peers.values())]

    def _lose(self, peer: Peer) -> Peer:
        self.peers.pop(peer.hub_id, None)
        self.lost.append(peer.hub_id)
        del self.lost[:-MAX_LOST]
        return peer

    def _mourn(self, lost: Sequence[Peer]) -> None:
        for peer in lost:
            if peer.att is not None:
                peer.att.end(LeaseLost("the hub is lost"))
            gone = peer.lost()
            if gone:
                self.core.log.warning("the hub %s is lost with %d sockets", peer.hub_id, len(gone))
            for member in gone:
                self.core.ghost(member, "")
            self.core.facts.lose(peer.hub_id)

    def came_back(self, at: Peer, sid: str) -> None:
        """Ends the life of a socket at the other hubs: it is at this one by now."""
        if len(self.peers) < 2:
            return
        for peer in self.peers.values():
            if peer is not at:
                member = peer.left(sid)
                if member is not None:
                    self.core.ghost(member, ELSEWHERE)

    # Questions.

    def find(self, sid: str) -> tuple[Peer, Member] | None:
        """What is known of a live socket."""
        for peer in self.peers.values():
            member = peer.live(sid)
            if member is not None:
                return peer, member
        return None

    def holder(self, sid: str) -> str:
        """The hub that holds a socket, as far as this process knows; empty otherwise."""
        found = self.find(sid)
        return found[0].hub_id if found else ""

    def attachment(self, hub_id: str) -> tuple[Attachment | None, bool]:
        """The attachment of a hub, be it suspended, and whether the hub is known."""
        peer = self.peers.get(hub_id)
        if peer is None or peer.att is None or peer.att.ended is not None:
            return None, peer is not None
        return peer.att, True

    def incomplete(self) -> bool:
        """Whether a hub that is alive has no stream."""
        for peer in self.peers.values():
            if peer.link is None or any(h not in self.peers and h not in self.lost for h in peer.tells):
                return True
        return False

    def attached_but(self, link: Link) -> list[str]:
        """The hubs to which other links have streams."""
        return sorted(p.hub_id for p in self.peers.values() if p.link is not None and p.link is not link)[:MAX_HUBS]

    def told(self) -> dict[str, str]:
        """Hub ids by the addresses that hubs have told, of hubs that no link holds by another."""
        places: dict[str, str] = {}
        for peer in self.peers.values():
            for hub_id, address in peer.tells.items():
                link = self._link_of(hub_id)
                if address and (link is None or link.address == address):
                    places[address] = hub_id
        return places

    def _link_of(self, hub_id: str) -> Link | None:
        peer = self.peers.get(hub_id)
        if peer is None:
            return None
        if peer.link is not None:
            return peer.link
        if peer.att is not None and peer.att.ended is None:
            return peer.att.link
        return None
