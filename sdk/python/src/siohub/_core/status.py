"""Statuses of the contract, and ends of calls, as exceptions."""

from __future__ import annotations

from typing import Any

from siohub._pb import status_pb2
from siohub.errors import (
    AckTimeout,
    HubError,
    InvalidArgument,
    InvalidType,
    LeaseLost,
    OutcomeUnknown,
    SocketGone,
    StatusError,
    Unavailable,
)

CODES: dict[int, str] = {
    number: name.removeprefix("CODE_") for name, number in status_pb2.Code.items() if name != "CODE_UNSPECIFIED"
}


class _Aborted(StatusError, LeaseLost):
    pass


class _Unavailable(StatusError, Unavailable):
    pass


class _TimedOut(StatusError, AckTimeout):
    pass


class _Cancelled(StatusError, SocketGone):
    pass


_CLASSES: dict[str, type[StatusError]] = {
    "ABORTED": _Aborted,
    "UNAVAILABLE": _Unavailable,
    "DEADLINE_EXCEEDED": _TimedOut,
    "CANCELLED": _Cancelled,
    "INVALID_ARGUMENT": InvalidArgument,
}


def make_error(
    code: str, reason: str = "", message: str = "", field: str = "", retry: float | None = None
) -> StatusError:
    """A StatusError of the class that its code means."""
    return _CLASSES.get(code, StatusError)(code, reason, message, field, retry)


def status_error(status: Any) -> StatusError | None:
    """The error of a hub.v1.Status; None for OK."""
    if status is None or status.code == 0:
        return None
    retry = None
    if status.HasField("retry_after"):
        retry = status.retry_after.seconds + status.retry_after.nanos / 1e9
    name = CODES.get(status.code, f"CODE_{status.code}")
    return make_error(name, status.reason, status.message, status.field, retry)


def invalid(reason: str, field: str, message: str) -> InvalidArgument:
    """What the hub would say of a wrong argument."""
    return InvalidArgument("INVALID_ARGUMENT", reason, message, field)


def wrong_type(reason: str, field: str, value: object) -> InvalidType:
    """What the hub would say of a name that is no text."""
    return InvalidType("INVALID_ARGUMENT", reason, f"a {type(value).__name__} is no text", field)


def safe_to_retry(err: BaseException) -> bool:
    """Whether the hub certainly has not carried out what failed so, and may do so another
    time: it could not be reached, or refused for a limit or for the moment."""
    if isinstance(err, OutcomeUnknown):
        return False
    if isinstance(err, StatusError):
        return err.code in ("UNAVAILABLE", "RESOURCE_EXHAUSTED")
    return isinstance(err, Unavailable) and isinstance(err, HubError)
