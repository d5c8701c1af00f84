"""At which hub a command with an idempotency key was made: only that hub knows what came of
it, so that another one under the key goes there."""

from __future__ import annotations

import time

KEY_LIFE = 300.0  # seconds for which hubs remember a key
MAX_KEYS = 32 << 10


class Keys:
    """Two generations, each bounded: the older is forgotten early when there are too many."""

    def __init__(self) -> None:
        self._fresh: dict[str, tuple[str, float]] = {}
        self._old: dict[str, tuple[str, float]] = {}
        self._turned = 0.0

    def put(self, key: str, hub: str) -> None:
        """Notes a command. No key is none."""
        if not key:
            return
        now = time.monotonic()
        if len(self._fresh) >= MAX_KEYS or now - self._turned > KEY_LIFE:
            self._old, self._fresh, self._turned = self._fresh, {}, now
        self._fresh[key] = (hub, now + KEY_LIFE)

    def at(self, key: str) -> str:
        """The hub where a command with the key was made; empty when there was none."""
        if not key:
            return ""
        hub, until = self._fresh.get(key) or self._old.get(key) or ("", 0.0)
        return hub if time.monotonic() < until else ""
