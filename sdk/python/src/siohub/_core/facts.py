"""Rooms and users that each hub tells of its own sockets, summed up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .runner import Core

Fact = tuple[str, str, str]  # "room" or "user", namespace, name


class Facts:
    """The program hears of the first hub that has a room or a user, and of the last that has
    none any more."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self._by_hub: dict[str, dict[Fact, int]] = {}  # the round in which it was told last
        self._hubs: dict[Fact, int] = {}  # how many hubs have it

    def set(self, hub: str, round_: int, fact: Fact) -> None:
        """A hub has it."""
        of = self._by_hub.setdefault(hub, {})
        known = fact in of
        of[fact] = round_
        if not known:
            self._hubs[fact] = self._hubs.get(fact, 0) + 1
            if self._hubs[fact] == 1:
                self.core.program.fact(*fact, hub, True)

    def clear(self, hub: str, fact: Fact) -> None:
        """A hub has it no more."""
        of = self._by_hub.get(hub)
        if of is None or fact not in of:
            return
        del of[fact]
        if not of:
            del self._by_hub[hub]
        self._hubs[fact] -= 1
        if self._hubs[fact] == 0:
            del self._hubs[fact]
            self.core.program.fact(*fact, hub, False)

    def sweep(self, hub: str, round_: int) -> None:
        """Takes out what a hub has not told in this round: it has told all."""
        for fact, told in list(self._by_hub.get(hub, {}).items()):
            if told != round_:
                self.clear(hub, fact)

    def lose(self, hub: str) -> None:
        """Takes out everything of a hub that is lost."""
        self.sweep(hub, -1)
