"""What becomes of servers in a process that was forked."""

from __future__ import annotations

import os
import weakref
from typing import Any

# Of the parent: never touched, and never collected. To close a copied loop or connection would
# take descriptors out of the epoll instance that the parent waits with.
_inherited: list[Any] = []

servers: weakref.WeakSet[Any] = weakref.WeakSet()


def keep(*things: Any) -> None:
    """Keeps what belongs to the parent."""
    _inherited.extend(thing for thing in things if thing is not None)


def _after_fork() -> None:
    for server in list(servers):
        server._forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
