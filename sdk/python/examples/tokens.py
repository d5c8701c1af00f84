"""The answer of a language model, token by token, to everybody who reads it.

    python tokens.py          # as many of them as you like

A browser joins a question with `read [question]` and gets what there is by now, then each token as
it comes; a reload goes on where the answer is by then. The answer is made by one of the processes,
begins with the first reader and stops when the last one has left. A process that is killed is
replaced by another one, which begins the answer anew.
"""

from __future__ import annotations

import asyncio
import logging
import os
import zlib

import siohub

svc = siohub.Service("tokens")
ns = svc.namespace("/").allow_anyone()
SPEED = float(os.environ.get("SECONDS_PER_TOKEN", "0.05"))

writing: dict[str, asyncio.Task[None]] = {}  # answers that this process makes
answers: dict[str, list[str]] = {}


async def model(question: str) -> list[str]:
    """Stands in for a language model."""
    return [f"{word} " for word in f"You ask {question!r}, and that is a good question.".split()] * 20


async def write(room: str) -> None:
    answers[room] = []
    for token in await model(room.removeprefix("q:")):
        answers[room].append(token)
        await ns.to(room).emit("token", len(answers[room]), token)
        await asyncio.sleep(SPEED)
    await ns.to(room).emit("end", len(answers[room]))


@ns.on_room_occupied("q:*")
async def first_reader(r: siohub.RoomPresence) -> None:
    """Every process hears it. The hub decides which one writes: a command under a key is carried
    out once."""
    key = f"write {zlib.crc32(r.room.encode()):x} {r.hub_id}"
    mine = await ns.to(r.room).idempotency_key(key).emit_result("writer", svc.options.instance_id)
    if not mine.duplicate and r.room not in writing:
        writing[r.room] = asyncio.ensure_future(write(r.room))


@ns.on_room_vacated("q:*")
async def last_reader_left(r: siohub.RoomPresence) -> None:
    task = writing.pop(r.room, None)
    if task is not None:
        task.cancel()
        logging.info("stopped %s after %d tokens", r.room, len(answers.pop(r.room, [])))


@ns.on("read")
async def read(e: siohub.Event) -> None:
    room = f"q:{e.args[0]}"
    await e.socket.join(room)
    if room in answers:
        e.reply("".join(answers[room]), len(answers[room]))
        return
    try:  # another process may have it
        found = await svc.call("/", "so far", room, group="tokens", timeout=1)
        said = next((a.args for a in found.answers if a.error is None and a.args), ["", 0])
    except siohub.AckTimeout:
        said = ["", 0]
    e.reply(*said)


@ns.on_call("so far")
async def so_far(c: siohub.Call) -> None:
    if c.args[0] in answers:
        c.reply("".join(answers[c.args[0]]), len(answers[c.args[0]]))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(svc.run_until_signal())
