"""Why a socket left, in python-socketio's words."""

from __future__ import annotations

_WORDS = {
    "client namespace disconnect": "client disconnect",
    "server namespace disconnect": "server disconnect",
    "forced server close": "server disconnect",
    "server shutting down": "server disconnect",
    "forced close": "transport close",
    "parse error": "transport error",
    "hub lost": "transport error",
}


class Reason(str):
    """A reason as python-socketio has it, one of `Server.reason`. `original` is the hub's own
    word, such as "hub lost" behind "transport error"; `detail` is for people; `close_code` is
    the WebSocket close code that the browser caused, 0 for none."""

    original: str
    detail: str
    close_code: int

    @classmethod
    def of(cls, original: str, detail: str = "", close_code: int = 0) -> Reason:
        """The reason for the hub's word."""
        made = cls(_WORDS.get(original, original))
        made.original, made.detail, made.close_code = original, detail, close_code
        return made


class reasons:
    """Disconnection reasons."""

    #: Server-initiated disconnection.
    SERVER_DISCONNECT = "server disconnect"
    #: Client-initiated disconnection.
    CLIENT_DISCONNECT = "client disconnect"
    #: Ping timeout.
    PING_TIMEOUT = "ping timeout"
    #: Transport close.
    TRANSPORT_CLOSE = "transport close"
    #: Transport error.
    TRANSPORT_ERROR = "transport error"
