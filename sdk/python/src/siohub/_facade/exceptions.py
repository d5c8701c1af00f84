"""The exceptions of python-socketio."""

from __future__ import annotations

import builtins
from typing import Any

__all__ = [
    "BadNamespaceError", "ConnectionError", "ConnectionRefusedError", "DisconnectedError", "SocketIOError", "TimeoutError",
]  # fmt: skip


class SocketIOError(Exception):
    """Any of them."""


class ConnectionError(SocketIOError):
    """A connection failed."""


class ConnectionRefusedError(ConnectionError):
    """Raised by a connect handler to refuse a browser. The first argument is the message of its
    connect_error, the others are its data."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.error_args: dict[str, Any] = {"message": str(args[0]) if args else "Connection rejected by server"}
        if len(args) == 2:
            self.error_args["data"] = args[1]
        elif len(args) > 2:
            self.error_args["data"] = args[1:]


class TimeoutError(SocketIOError):
    """A browser did not answer in time."""


class BadNamespaceError(SocketIOError):
    """There is no such namespace."""


class DisconnectedError(SocketIOError):
    """There is no connection."""


def is_refusal(outcome: Any) -> bool:
    """Whether a connect handler has refused by an exception: this package's or Python's own."""
    return isinstance(outcome, (ConnectionRefusedError, builtins.ConnectionRefusedError))
