"""What can go wrong. Everything here that is an error derives from HubError."""

from __future__ import annotations

__all__ = [
    "AckTimeout", "Answered", "Closed", "ConfigError", "Deny", "HubError", "InvalidArgument",
    "InvalidType", "LeaseLost", "MissingCapability", "OutcomeUnknown", "Reject", "Retry", "Revoked", "SocketGone", "StatusError",
    "Superseded", "TooLarge", "Unavailable",
]  # fmt: skip


class HubError(Exception):
    """Any error of this package."""


class Unavailable(HubError, ConnectionError):
    """There is no stream to a hub. The command was not carried out, unless the error is an
    OutcomeUnknown as well."""


class OutcomeUnknown(Unavailable):
    """The stream was lost for good after a command had left and before its result came: it
    may have been carried out. Repeat it only with an idempotency key."""


class LeaseLost(HubError):
    """The delivery whose handler made the command belongs to another try by now: nothing was
    carried out, the other try does it all."""


class Revoked(LeaseLost):
    """The hub took a delivery back. `reason` is why: MOVED, TIMEOUT, DECIDED, BROWSER_GONE,
    EXPIRED, or a later word."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the delivery was taken back: {reason}")
        self.reason = reason


class Answered(HubError):
    """The event has its one reply already."""


class AckTimeout(HubError, TimeoutError):
    """Not all browsers, or services, answered in time."""


class SocketGone(HubError):
    """The socket was not there, or left before it answered."""


class TooLarge(HubError, ValueError):
    """A command exceeds the largest envelope that the hub takes (4 MiB unless it says
    otherwise), or a name in it its limit. `reason` and `field` are those of the hub's own refusal."""

    def __init__(self, size: int, limit: int, field: str = "payload", reason: str = "ENVELOPE_TOO_LARGE") -> None:
        super().__init__(f"{reason} ({field}): {size} bytes, the hub takes {limit}")
        self.size, self.limit, self.field, self.reason = size, limit, field, reason


class Superseded(HubError):
    """Another process attached with this instance id."""


class Closed(HubError):
    """The service was closed, or is closing."""


class ConfigError(HubError, ValueError):
    """The service is not put together well. `field` is what is wrong, `problem` why."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field, self.problem = field, problem


class StatusError(HubError):
    """The hub's own answer to a command, a query or a hello.

    code: name of the class of the error, such as "NOT_FOUND" (those of gRPC).
    reason: stable upper-snake name within the code, such as "EMPTY_TARGET"; may be empty.
    message: for people.
    field: path of the part at fault, such as "emit.target.rooms[2]"; may be empty.
    retry_after: the hub's advice in seconds when to try again; None without one.
    """

    def __init__(
        self, code: str, reason: str = "", message: str = "", field: str = "", retry_after: float | None = None
    ) -> None:
        text = f"{code} {reason}".rstrip()
        if field:
            text += f" ({field})"
        super().__init__(f"{text}: {message}" if message else text)
        self.code, self.reason, self.message = code, reason, message
        self.field, self.retry_after = field, retry_after


class InvalidArgument(StatusError, ValueError):
    """A StatusError whose code is INVALID_ARGUMENT: what was asked for is wrong in itself."""


class MissingCapability(StatusError):
    """The hub is older than what was asked of it, or is not configured for it. `capability` is what
    it lacks, such as "recovery"; empty where the contract has no name for it: `field` says what
    the hub did not know."""

    def __init__(self, code: str, reason: str, message: str, field: str, capability: str) -> None:
        super().__init__(code, reason, message, field)
        self.capability = capability


class InvalidType(InvalidArgument, TypeError):
    """An InvalidArgument for a value whose type is wrong: an object that has no form in JSON, bytes
    in the place of a name."""


class Deny(HubError):
    """Raised by a connect handler to refuse a browser: its client gets connect_error with the
    message (default "Unauthorized") and data, and does not come back by itself.
    unknown_namespace refuses as if there were no such namespace."""

    def __init__(self, message: str = "", data: object = None, *, unknown_namespace: bool = False) -> None:
        super().__init__(message or "Unauthorized")
        self.message, self.data, self.unknown_namespace = message, data, unknown_namespace


class Reject(HubError):
    """Raised by an event handler to answer with an error: the event is dealt with, and the
    browser's callback gets {"error": {"message": ..., "data": ...}}."""

    def __init__(self, message: str, data: object = None) -> None:
        super().__init__(message)
        self.message, self.data = message, data


class Retry(HubError):
    """Raised by a handler to have the delivery come again, at most 5 times in all, after
    `delay` seconds (at most 30; 0 leaves it to the hub). `elsewhere` asks for another
    process of the service, where there is one."""

    def __init__(self, message: str = "try again", *, delay: float = 0, elsewhere: bool = False) -> None:
        super().__init__(message)
        self.delay, self.elsewhere = min(max(delay, 0), 30), elsewhere
