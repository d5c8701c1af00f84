"""The wait between two attempts."""

from __future__ import annotations

import random


class Backoff:
    """Draws waits evenly from zero to a limit that doubles ("full jitter")."""

    def __init__(self, low: float = 0.1, high: float = 10.0) -> None:
        self.low, self.high, self.attempt = low, high, 0

    def next(self) -> float:
        """Seconds to wait now."""
        limit = min(self.low * 2 ** min(self.attempt, 32), self.high)
        self.attempt += 1
        return random.uniform(0, limit)
