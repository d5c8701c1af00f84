"""The exceptions of python-socketio."""

from siohub._facade.exceptions import (
    BadNamespaceError,
    ConnectionError,
    ConnectionRefusedError,
    DisconnectedError,
    SocketIOError,
    TimeoutError,
)

__all__ = [
    "BadNamespaceError", "ConnectionError", "ConnectionRefusedError", "DisconnectedError", "SocketIOError", "TimeoutError",
]  # fmt: skip
