"""Commands of the contract."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from siohub._pb import command_pb2, query_pb2, target_pb2

from .codec import Payload, well_formed
from .messages import duration
from .options import MAX_ACK_TIMEOUT
from .status import invalid, wrong_type

Command = command_pb2.Command
RESERVED = frozenset(("connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"))
TOTAL, EACH = command_pb2.ACK_MODE_TOTAL, command_pb2.ACK_MODE_EACH
PAGE = 1000


def target(
    namespace: str,
    *,
    sockets: Iterable[str] = (),
    rooms: Iterable[str] = (),
    users: Iterable[str] = (),
    all_: bool = False,
    except_sockets: Iterable[str] = (),
    except_rooms: Iterable[str] = (),
    except_users: Iterable[str] = (),
) -> Any:
    """Whom a command is for. Raises InvalidArgument for a wrong namespace or nobody."""
    if not isinstance(namespace, str):
        raise wrong_type("BAD_NAMESPACE", "target.namespace", namespace)
    if not (namespace.startswith("/") or (all_ and namespace == "*")):
        raise invalid("BAD_NAMESPACE", "target.namespace", f"{namespace!r} does not begin with a slash")
    made = target_pb2.Target(namespace=text(namespace, "target.namespace"), all=all_)
    for field, names in (
        ("sockets", sockets), ("rooms", rooms), ("users", users),
        ("except_sockets", except_sockets), ("except_rooms", except_rooms), ("except_users", except_users),
    ):  # fmt: skip
        if names:
            getattr(made, field).extend(texts(names, f"target.{field}"))
    if not all_ and not made.sockets and not made.rooms and not made.users:
        raise invalid("EMPTY_TARGET", "target", "picks nobody; for everybody say so")
    return made


def text(value: str, field: str) -> str:
    """A name as it travels, see texts."""
    if not isinstance(value, str):
        raise wrong_type("BAD_NAME", field, value)
    return value if value.isascii() else well_formed(value)


def texts(names: Iterable[str], field: str) -> list[str]:
    """Names as they travel: half a surrogate pair is U+FFFD. Raises InvalidType for what is no
    text."""
    made = list(names)
    for n, name in enumerate(made):
        if not (isinstance(name, str) and name.isascii()):
            made[n] = text(name, f"{field}[{n}]")
    return made


def heavy(command: Any) -> str:
    """The field of a command that may make it large."""
    op = command.WhichOneof("op") or ""
    return f"{op}.data" if op == "set_data" else f"{op}.payload" if op in ("emit", "call", "acknowledge") else op


def check_event(event: str) -> str:
    """The name of an event that may be emitted. Raises InvalidArgument."""
    if not isinstance(event, str):
        raise wrong_type("BAD_NAME", "emit.event", event)
    name = well_formed(event)
    if not name or len(name) > 128 or len(name.encode()) > 128:
        raise invalid("BAD_NAME" if name else "EMPTY_EVENT", "emit.event", "1 to 128 bytes")
    if name in RESERVED:
        raise invalid("RESERVED_EVENT", "emit.event", f"{name} is Socket.IO's own")
    return name


def emit(to: Any, event: str, payload: Payload, *, volatile: bool = False, compress: bool = True, key: str = "") -> Any:
    """An emit."""
    command = Command(idempotency_key=text(key, "idempotency_key")) if key else Command()
    made = command.emit
    made.target.CopyFrom(to)
    made.event = event
    made.payload.args = payload.args
    if payload.attachments:
        made.payload.attachments.extend(payload.attachments)
    if volatile:
        made.volatile = True
    if not compress:
        made.no_compress = True
    return command


def with_ack(command: Any, timeout: float, mode: Any = TOTAL) -> Any:
    """Asks for acknowledgements. Raises InvalidArgument for a wrong timeout."""
    if not 0 < timeout <= MAX_ACK_TIMEOUT:
        raise invalid("BAD_TIMEOUT", "emit.ack.timeout", "more than 0, at most 300 seconds")
    command.emit.ack.timeout.CopyFrom(duration(max(timeout, 0.001)))
    command.emit.ack.mode = mode
    return command


def update_rooms(to: Any, join: Sequence[str] = (), leave: Sequence[str] = (), key: str = "") -> Any:
    """Changes rooms."""
    op = command_pb2.UpdateRooms(
        target=to, join=texts(join, "update_rooms.join"), leave=texts(leave, "update_rooms.leave")
    )
    return Command(update_rooms=op, idempotency_key=text(key, "idempotency_key"))


def disconnect(to: Any, close_transport: bool = False, key: str = "") -> Any:
    """Makes sockets leave."""
    return Command(
        disconnect=command_pb2.Disconnect(target=to, close_transport=close_transport),
        idempotency_key=text(key, "idempotency_key"),
    )


def set_data(to: Any, data: bytes, *, merge: bool = False, version: int | None = None, key: str = "") -> Any:
    """Changes socket.data."""
    return Command(
        set_data=command_pb2.SetData(target=to, data=data, merge=merge, expected_version=version),
        idempotency_key=text(key, "idempotency_key"),
    )


def call(group: str, namespace: str, name: str, payload: Payload, timeout: float | None, key: str = "") -> Any:
    """Calls services."""
    if timeout is not None and not 0 < timeout <= MAX_ACK_TIMEOUT:
        raise invalid("BAD_TIMEOUT", "call.timeout", "more than 0, at most 300 seconds")
    op = command_pb2.Call(
        group=text(group, "call.group"), namespace=text(namespace, "call.namespace"), name=text(name, "call.name")
    )
    op.payload.args = payload.args
    op.payload.attachments.extend(payload.attachments)
    if timeout is not None:
        op.timeout.CopyFrom(duration(timeout))
    return Command(call=op, idempotency_key=text(key, "idempotency_key"))


def revoke(users: Iterable[str], sockets: Iterable[str]) -> Any:
    """Ends authorizations."""
    op = command_pb2.Revoke(users=texts(users, "revoke.users"), sockets=texts(sockets, "revoke.sockets"))
    if not op.users and not op.sockets:
        raise invalid("EMPTY_TARGET", "revoke", "picks nobody")
    return Command(revoke=op)


def acknowledge(dedupe_id: bytes, payload: Payload) -> Any:
    """Gives an acknowledgement that was left open."""
    op = command_pb2.Acknowledge(dedupe_id=dedupe_id)
    op.payload.args = payload.args
    op.payload.attachments.extend(payload.attachments)
    return Command(acknowledge=op)


def fetch(to: Any) -> Any:
    """Asks for sockets."""
    return Command(fetch=query_pb2.Fetch(target=to, include_handshake=True, page_size=PAGE))


def count(to: Any) -> Any:
    """Asks how many sockets."""
    return Command(count=query_pb2.Count(target=to))


def list_rooms(namespace: str, prefix: str) -> Any:
    """Asks for rooms."""
    return Command(
        list_rooms=query_pb2.ListRooms(
            namespace=text(namespace, "list_rooms.namespace"), prefix=text(prefix, "list_rooms.prefix"), page_size=PAGE
        )
    )


def count_users(namespace: str) -> Any:
    """Asks how many users."""
    return Command(count_users=query_pb2.CountUsers(namespace=text(namespace, "count_users.namespace")))


def list_users(namespace: str, prefix: str) -> Any:
    """Asks for users."""
    return Command(
        list_users=query_pb2.ListUsers(
            namespace=text(namespace, "list_users.namespace"), prefix=text(prefix, "list_users.prefix"), page_size=PAGE
        )
    )
