"""What may be asked for, as the contract numbers it."""

from __future__ import annotations

from enum import IntEnum


class Introduction(IntEnum):
    """When on_connected runs: see Namespace."""

    ON_CONNECT, ON_EVENT, ON_ATTACH, ON_INSTANCE = 1, 2, 3, 4


class HandshakeDetail(IntEnum):
    """How much of a browser's opening request on_connected gets; on_connect gets all."""

    NONE, REDACTED, FULL = 1, 2, 3


class SocketData(IntEnum):
    """When the hub sends socket.data. The program sees the same with ON_CHANGE as with ALWAYS."""

    ALWAYS, ON_CHANGE, NEVER = 1, 2, 3


class Overflow(IntEnum):
    """What happens to an event of a socket for which too many wait already (64 or 1 MiB)."""

    REJECT, DROP_OLDEST, DISCONNECT, PAUSE = 1, 2, 3, 4


class Kind(IntEnum):
    """What an observation is."""

    GAP, CONNECTED, EVENT, DISCONNECTED = 0, 1, 2, 3
    FAILED_CONNECTS, DECISIONS, EMITS, DROPS = 9, 10, 11, 12
