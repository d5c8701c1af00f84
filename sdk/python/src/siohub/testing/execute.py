"""What the fake hub does upon a command."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from siohub._pb import command_pb2, query_pb2, status_pb2

if TYPE_CHECKING:
    from .client import Client
    from .deliveries import Deliveries

Result = command_pb2.Result


def execute(hub: Deliveries, command: Any) -> list[Any]:
    """Carries a command out. The results, the last one last; none for who waits for none."""
    kept = hub.idempotent.get(command.idempotency_key) if command.idempotency_key else None
    if kept is not None:
        result = Result()
        result.CopyFrom(kept)
        result.duplicate, result.command_id = True, command.command_id
        return [result]
    kind = command.WhichOneof("op")
    results: list[Any] = _OPS[kind](hub, command) if kind in _OPS else [_failed("UNIMPLEMENTED", "UNKNOWN_FIELD")]
    for result in results:
        result.command_id = command.command_id
    if command.idempotency_key and results:
        hub.idempotent[command.idempotency_key] = results[-1]
    return results if command.command_id else []


def _failed(code: str, reason: str) -> Any:
    return Result(status=status_pb2.Status(code=f"CODE_{code}", reason=reason))


def pick(hub: Deliveries, target: Any) -> list[Client]:
    """The sockets of a target."""
    sockets, rooms, users = set(target.sockets), set(target.rooms), set(target.users)
    skip, skip_rooms, skip_users = set(target.except_sockets), set(target.except_rooms), set(target.except_users)
    found = []
    for client in hub.clients.values():
        names = client.rooms | {client.sid}
        wanted = target.all or client.sid in sockets or names & rooms or (client.user and client.user in users)
        left_out = client.sid in skip or names & skip_rooms or client.user in skip_users
        if client.connected and client.namespace == target.namespace and wanted and not left_out:
            found.append(client)
    return found


def _emit(hub: Deliveries, command: Any) -> list[Any]:
    emit = command.emit
    clients = pick(hub, emit.target)
    acks: list[Any] = []
    for client in clients:
        said = client.acknowledge(emit.event, client.receive(emit.event, emit.payload))
        if said is not None:
            ack = command_pb2.BrowserAck(socket_id=client.sid)
            ack.payload.args = said.args
            ack.payload.attachments.extend(said.attachments)
            acks.append(ack)
    last = Result(matched_count=len(clients), queued_count=len(clients))
    if not emit.HasField("ack"):
        return [last]
    missing = len(clients) - len(acks)
    last.ack_total.CopyFrom(
        command_pb2.AckTotal(expected_count=len(clients), acked_count=len(acks), timed_out_count=missing)
    )
    if missing:
        last.status.CopyFrom(status_pb2.Status(code=status_pb2.CODE_DEADLINE_EXCEEDED, reason="ACKS_TIMED_OUT"))
    if emit.ack.mode == command_pb2.ACK_MODE_EACH:
        return [*(Result(browser_ack=ack, more=True) for ack in acks), last]
    last.ack_total.acks.extend(acks)
    return [last]


def _rooms(hub: Deliveries, command: Any) -> list[Any]:
    op = command.update_rooms
    clients = pick(hub, op.target)
    for client in clients:
        joined, left = set(op.join) - client.rooms, set(op.leave) & (client.rooms | set(op.join))
        client.rooms.update(op.join)
        client.rooms.difference_update(op.leave)
        if joined - left or left:
            hub.rooms_changed(client, joined - left, left)
    return [Result(matched_count=len(clients), queued_count=len(clients))]


def _disconnect(hub: Deliveries, command: Any) -> list[Any]:
    clients = pick(hub, command.disconnect.target)
    for client in clients:
        asyncio.ensure_future(hub.leave(client, "server namespace disconnect"))
    return [Result(matched_count=len(clients), queued_count=len(clients))]


def _set_data(hub: Deliveries, command: Any) -> list[Any]:
    op = command.set_data
    clients = pick(hub, op.target)
    version = 0
    for client in clients:
        socket = client.socket
        if op.HasField("expected_version") and op.expected_version != socket.data_version:
            return [_failed("FAILED_PRECONDITION", "DATA_VERSION")]
        data = op.data
        if op.merge:
            data = json.dumps(_merged(json.loads(socket.data or b"{}"), json.loads(op.data))).encode()
        socket.data, socket.data_version = data, socket.data_version + 1
        version = socket.data_version
    return [Result(matched_count=len(clients), queued_count=len(clients), data_version=version)]


def _merged(into: Any, patch: Any) -> Any:
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    out = dict(into) if isinstance(into, dict) else {}
    for key, value in patch.items():
        if value is None:
            out.pop(key, None)
        else:
            out[key] = _merged(out.get(key), value)
    return out


def _fetch(hub: Deliveries, command: Any) -> list[Any]:
    sockets = [
        query_pb2.SocketInfo(socket=c.socket, rooms=sorted(c.rooms), handshake=c.handshake)
        for c in pick(hub, command.fetch.target)
    ]
    return [Result(sockets=sockets)]


def _list_rooms(hub: Deliveries, command: Any) -> list[Any]:
    counts: dict[str, int] = {}
    for client in hub.clients.values():
        if client.namespace == command.list_rooms.namespace:
            for room in client.rooms:
                counts[room] = counts.get(room, 0) + 1
    prefix = command.list_rooms.prefix
    rooms = [query_pb2.Room(name=n, socket_count=c) for n, c in sorted(counts.items()) if n.startswith(prefix)]
    return [Result(rooms=rooms)]


def _users(hub: Deliveries, namespace: str, prefix: str) -> list[Any]:
    counts: dict[str, int] = {}
    for client in hub.clients.values():
        if client.namespace == namespace and client.user and client.user.startswith(prefix):
            counts[client.user] = counts.get(client.user, 0) + 1
    return [query_pb2.User(id=u, socket_count=c) for u, c in sorted(counts.items())]


def _acknowledge(hub: Deliveries, command: Any) -> list[Any]:
    if hub.acknowledge(command.acknowledge.dedupe_id, command.acknowledge.payload):
        return [Result()]
    return [_failed("NOT_FOUND", "NO_OPEN_ACK")]


def _revoke(hub: Deliveries, command: Any) -> list[Any]:
    op = command.revoke
    clients = [c for c in hub.clients.values() if c.sid in op.sockets or (c.user and c.user in op.users)]
    for client in clients:
        asyncio.ensure_future(hub.leave(client, "forced server close"))
    return [Result(matched_count=len(clients))]


_OPS: dict[str, Any] = {
    "emit": _emit,
    "update_rooms": _rooms,
    "disconnect": _disconnect,
    "set_data": _set_data,
    "fetch": _fetch,
    "count": lambda hub, c: [Result(count=len(pick(hub, c.count.target)))],
    "list_rooms": _list_rooms,
    "count_users": lambda hub, c: [Result(count=len(_users(hub, c.count_users.namespace, "")))],
    "list_users": lambda hub, c: [Result(users=_users(hub, c.list_users.namespace, c.list_users.prefix))],
    "call": lambda hub, c: [Result(call_total=command_pb2.CallTotal())],
    "acknowledge": _acknowledge,
    "revoke": _revoke,
}
