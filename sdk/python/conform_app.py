"""The program of docs/kits.md, with which `hub conform` checks this kit:

hub conform -- python sdk/python/conform_app.py
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from datetime import datetime, timedelta, timezone
from typing import Any

import siohub
from siohub import Accept, Deny, Options

logging.basicConfig(level=logging.INFO, stream=sys.stderr)

options = Options(instance_id=os.environ.get("CONFORM_INSTANCE", ""), workers=256, close_timeout=5)
svc = siohub.Service("conform", options)
root = svc.namespace(
    "/", introduction=siohub.Introduction.ON_INSTANCE, track_rooms=True, handshake=siohub.HandshakeDetail.FULL
)
org = svc.namespace("/org/*")
journal: list[Any] = []
held: dict[str, list[asyncio.Future[None]]] = {}
tasks: set[asyncio.Task[Any]] = set()


def note(*entry: Any) -> None:
    journal.append(list(entry))


def described(err: BaseException) -> dict[str, Any]:
    """An error as docs/kits.md writes it."""
    code, reason, field = getattr(err, "code", ""), getattr(err, "reason", ""), getattr(err, "field", "")
    for name, classes in (
        ("too_large", siohub.TooLarge), ("lease_lost", siohub.LeaseLost), ("outcome_unknown", siohub.OutcomeUnknown),
        ("unavailable", siohub.Unavailable), ("timeout", siohub.AckTimeout), ("gone", siohub.SocketGone),
        ("closed", siohub.Closed), ("invalid", siohub.InvalidArgument), ("status", siohub.StatusError),
        ("invalid", (ValueError, TypeError)),
    ):  # fmt: skip
        if isinstance(err, classes):  # type: ignore[arg-type]
            return {"class": name, "code": code, "reason": reason, "field": field}
    return {"class": "status", "code": "UNKNOWN", "reason": type(err).__name__, "field": str(err)}


def cancelled(event: Any) -> str:
    """Why a handler was cancelled."""
    cause = event.revoked
    if isinstance(cause, siohub.Revoked):
        return cause.reason
    return "closed" if cause is None or isinstance(cause, siohub.Closed) else "lost"


async def hold(key: str) -> None:
    future = asyncio.get_running_loop().create_future()
    held.setdefault(key, []).append(future)
    try:
        await future
    finally:
        if future in held.get(key, []):
            held[key].remove(future)


# Who gets in.


@root.on_connect
async def connect(attempt: siohub.ConnectAttempt) -> Accept:
    auth = attempt.auth or {}
    if "deny" in auth:
        raise Deny(auth["deny"], auth.get("data"))
    if auth.get("deny_namespace"):
        raise Deny(unknown_namespace=True)
    if "throw" in auth:
        raise RuntimeError(auth["throw"])
    if "hold" in auth:
        note("hold", auth["hold"])
        try:
            await hold(auth["hold"])
        except asyncio.CancelledError:
            note("cancelled", auth["hold"], cancelled(attempt))
            raise
    return Accept(
        user=auth.get("user", ""), rooms=auth.get("rooms", ()), data=auth.get("data"), keep_auth=auth.get("keep", False)
    )


@root.on_auth_expiring
async def expiring(asked: siohub.AuthExpiring) -> Accept:
    note("renew", asked.socket.id)
    if asked.socket.user == "leave":
        raise Deny("leave")
    return Accept(expires=datetime.now(timezone.utc) + timedelta(hours=1), refresh_before=10)


@org.on_connect
async def connect_org(attempt: siohub.ConnectAttempt) -> Accept:
    if attempt.namespace == "/org/none":
        raise Deny(unknown_namespace=True)
    return Accept()


@root.on_connected
async def connected(c: siohub.Connected) -> None:
    facts = {
        "late": c.late, "moved": c.moved, "recovered": c.recovered, "rooms": c.rooms, "user": c.socket.user,
        "data": c.socket.data, "auth": c.auth, "attempt": c.attempt,
    }  # fmt: skip
    note("connected", c.socket.id, facts)


@root.on_disconnected
async def disconnected(d: siohub.Disconnected) -> None:
    note("disconnected", d.socket.id, d.reason)


@root.on_released
async def released(r: siohub.Released) -> None:
    note("released", r.socket.id)


@root.on_rooms_changed
async def rooms_changed(c: siohub.RoomsChanged) -> None:
    note("rooms", c.socket.id, c.socket.rooms or [])


# Commands.


def target(command: dict[str, Any]) -> siohub.Target:
    to = svc.in_("/").sockets(*command.get("sockets", ())).to(*command.get("rooms", ()))
    to = to.users(*command.get("users", ())).except_(*command.get("except_rooms", ()))
    to = to.except_sockets(*command.get("except_sockets", ())).idempotency_key(command.get("key", ""))
    if command.get("all"):
        to = to.all()
    if command.get("volatile"):
        to = to.volatile()
    if "timeout_ms" in command:
        to = to.timeout(command["timeout_ms"] / 1000)
    return to if "expected" not in command else to.expect_version(command["expected"])


def acks_of(acks: siohub.Acks) -> dict[str, Any]:
    return {
        "expected": acks.expected, "acked": acks.acked, "timed_out": acks.timed_out,
        "disconnected": acks.disconnected, "acks": [[a.socket_id, a.args] for a in acks.acks],
    }  # fmt: skip


def answers_of(answers: siohub.Answers) -> dict[str, Any]:
    said = [
        {
            "group": a.group,
            "instance": a.instance_id,
            **({"error": described(a.error)} if a.error else {"args": a.args}),
        }
        for a in answers.answers
    ]
    return {
        "expected": answers.expected, "answered": answers.answered, "failed": answers.failed,
        "timed_out": answers.timed_out, "answers": said,
    }  # fmt: skip


async def perform(command: dict[str, Any]) -> dict[str, Any]:
    to, args = target(command), command.get("args", [])
    match command["op"]:
        case "emit":
            await to.emit(command["event"], *args)
            return {}
        case "emit_result":
            r = await to.emit_result(command["event"], *args)
            return {"matched": r.matched, "queued": r.queued, "dropped": r.dropped, "duplicate": r.duplicate}
        case "emit_ack":
            return acks_of(await to.emit_with_ack(command["event"], *args))
        case "emit_each":
            return {"acks": [[a.socket_id, a.args] async for a in to.emit_each_ack(command["event"], *args)]}
        case "join":
            return {"matched": (await to.join(*command["join"])).matched}
        case "leave":
            return {"matched": (await to.leave(*command["leave"])).matched}
        case "disconnect":
            return {"matched": (await to.disconnect(close_transport=command.get("close", False))).matched}
        case "set_data":
            change = to.merge_data if command.get("merge") else to.set_data
            return {"version": (await change(command.get("data"))).data_version}
        case "fetch":
            found: Any = await to.fetch_sockets()
            sockets = [
                {"id": i.socket.id, "user": i.socket.user, "rooms": i.rooms, "data": i.socket.data} for i in found
            ]
            return {"sockets": sockets, "missing": list(found.missing_hubs)}
        case "count":
            return {"count": await to.count_sockets(), "missing": []}
        case "list_rooms":
            rooms: Any = await to.list_rooms(command.get("prefix", ""))
            return {"rooms": [list(room) for room in rooms], "missing": list(rooms.missing_hubs)}
        case "call":
            timeout = command["timeout_ms"] / 1000 if "timeout_ms" in command else None
            key = command.get("key", "")
            group = command.get("group", "")
            return answers_of(await svc.call("/", command["name"], *args, group=group, timeout=timeout, key=key))
        case "tell":
            told = await svc.tell(
                "/", command["name"], *args, group=command.get("group", ""), key=command.get("key", "")
            )
            return {"matched": told.matched}
    raise ValueError(command["op"])


async def result(command: dict[str, Any]) -> dict[str, Any]:
    try:
        return await perform(command)
    except Exception as err:
        more = acks_of(err.acks) if hasattr(err, "acks") else answers_of(err.answers) if hasattr(err, "answers") else {}
        return {**more, "error": described(err)}


def background(coroutine: Any) -> None:
    task = asyncio.ensure_future(coroutine)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


# Events.


@root.on("echo")
async def echo(e: siohub.Event) -> None:
    e.reply(*e.args)


@root.on("raw")
async def raw(e: siohub.Event) -> None:
    e.reply(e.payload)


@root.on("who")
@org.on("who")
async def who(e: siohub.Event) -> None:
    s = e.socket
    e.reply({
        "id": s.id, "namespace": s.namespace, "user": s.user, "data": s.data, "version": s.data_version,
        "hub": s.hub_id, "transport": s.transport, "client": s.client_id, "rooms": s.rooms or [],
        "attempt": e.attempt, "dedupe": e.dedupe_id.hex(),
    })  # fmt: skip


@root.on("silent")
async def silent(e: siohub.Event) -> None:
    pass


@root.on("fail")
async def fail(e: siohub.Event) -> None:
    raise RuntimeError(e.args[0])


@root.on("reject")
async def reject(e: siohub.Event) -> None:
    raise siohub.Reject(*e.args[:2])


@root.on("retry")
async def retry(e: siohub.Event) -> None:
    if e.attempt <= e.args[1]:
        raise siohub.Retry("again", delay=e.args[0] / 1000)
    e.reply(e.attempt)


@root.on("elsewhere")
async def elsewhere(e: siohub.Event) -> None:
    raise siohub.Retry("elsewhere", elsewhere=True)


@root.on("twice")
async def twice(e: siohub.Event) -> None:
    e.reply("one")
    try:
        e.reply("two")
    except siohub.HubError:
        pass


@root.on("size")
async def size(e: siohub.Event) -> None:
    e.reply("x" * e.args[0])


@root.on("bytes")
async def some_bytes(e: siohub.Event) -> None:
    n = e.args[0]
    e.reply({"at": (bytes(range(256)) * (n // 256 + 1))[:n]})


@root.on("seq")
async def seq(e: siohub.Event) -> None:
    for n in range(1, e.args[0] + 1):
        await e.socket.emit("tick", n)
    e.reply("end")


@root.on("order")
async def order(e: siohub.Event) -> None:
    note("begin", e.socket.id, e.args[0])
    for _ in range(3):
        await asyncio.sleep(0)
    note("end", e.socket.id, e.args[0])
    e.reply(e.args[0])


async def held_event(e: siohub.Event) -> None:
    key = e.args[0]
    note("hold", key)
    try:
        await hold(key)
        e.reply("released", key)
    except asyncio.CancelledError:
        note("cancelled", key, cancelled(e))
        try:
            e.reply("cancelled", key)
        except siohub.HubError:
            pass
        raise


root.on("hold")(held_event)
root.on("beside", concurrent=True)(held_event)


@root.on("late")
async def late(e: siohub.Event) -> None:
    key, command = e.args
    note("hold", key)
    try:
        await hold(key)
    except asyncio.CancelledError:
        note("cancelled", key, cancelled(e))
    outcome = await result(command)
    note("late", key, outcome)
    try:
        e.reply(outcome)
    except siohub.HubError:
        pass


@root.on("later")
async def later(e: siohub.Event) -> None:
    key, ack = e.args[0], e.ack_later()
    note("hold", key)

    async def acknowledge() -> None:
        await hold(key)
        try:
            await ack.reply("late", key)
            note("later", key, {})
        except siohub.HubError as err:
            note("later", key, {"error": described(err)})

    background(acknowledge())


@root.on("release")
async def release(e: siohub.Event) -> None:
    waiting = held.pop(e.args[0], [])
    for future in waiting:
        if not future.done():
            future.set_result(None)
    e.reply(len(waiting))


@root.on("do")
async def do(e: siohub.Event) -> None:
    e.reply(await result(e.args[0]))


@root.on("free")
async def free(e: siohub.Event) -> None:
    key, command, *more = e.args
    e.reply("started")

    async def run() -> None:
        await asyncio.sleep((more[0] if more else 0) / 1000)
        note("free", key, await result(command))

    background(run())


def wrong(kind: str) -> Any:
    if kind == "cycle":
        cycle: list[Any] = []
        cycle.append(cycle)
        return cycle
    return {"nan": float("nan"), "alien": object(), "surrogate": "\ud800", "big": "x" * 4_299_162}.get(kind, 1)


@root.on("bad")
async def bad(e: siohub.Event) -> None:
    kind = e.args[0]
    command: dict[str, Any] = {"op": "emit_result", "event": "bad", "args": [wrong(kind)], "sockets": [e.socket.id]}
    command["event"] = {"reserved": "disconnect", "empty": ""}.get(kind, "bad")
    if kind == "nobody":
        del command["sockets"]
    if kind == "surrogate_room":
        command["rooms"] = ["\ud800"]
    e.reply(await result(command))


@root.on("bad_reply")
async def bad_reply(e: siohub.Event) -> None:
    e.reply(wrong(e.args[0]))


@root.on("log")
async def log(e: siohub.Event) -> None:
    e.reply(journal[e.args[0] if e.args else 0 :])


@root.on("p:*")
async def prefix(e: siohub.Event) -> None:
    e.reply(e.name, *e.args)


# Calls.


@root.on_call("sum")
async def sum_(c: siohub.Call) -> None:
    c.reply(c.args[0] + c.args[1])


@root.on_call("mute")
async def mute(c: siohub.Call) -> None:
    pass


@root.on_call("fail")
async def call_fails(c: siohub.Call) -> None:
    raise RuntimeError(c.args[0])


@root.on_call("hold")
async def call_held(c: siohub.Call) -> None:
    await held_event(c)  # type: ignore[arg-type]


if __name__ == "__main__":
    try:
        asyncio.run(svc.run_until_signal())
    except siohub.HubError as err:
        sys.exit(f"{type(err).__name__}: {err}")
