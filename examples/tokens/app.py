"""Answers of a language model, streamed to whoever reads them: see README.md.

browser                          worker (any of them)
ask question                ──►  ack with the answer's id
read id, n (tokens it has)  ──►  into the room `answer:ID`; what it lacks; then the answer goes on
leave id                    ──►  out of the room
                            ◄──  tokens id, n, [text, …]: those from number n; null is the last one
                            ◄──  stopped id: read again, if you are there
"""

import asyncio
import hashlib
import logging
import os
import secrets
import sqlite3

import fastapi
import siohub

KEPT = 1000  # answers
SECONDS = float(os.environ.get("SECONDS_PER_TOKEN", "0.05"))  # 0: as fast as it can
LENGTH = int(os.environ.get("TOKENS", "400"))
WORDS = "a hub holds the browsers while workers come and go so that every reader sees each token once and in order".split()
END = None  # the last token, as models have one

svc = siohub.Service("tokens")
ns = svc.namespace("/").allow_anyone()
writing = {}  # id -> task, for the answers that this process writes
log = logging.getLogger("tokens")


async def model(question, text):
    """A language model: what comes after these tokens. Here it is a hash."""
    for n in range(len(text), LENGTH):
        await asyncio.sleep(SECONDS)
        yield WORDS[hashlib.sha256(f"{question} {n}".encode()).digest()[0] % len(WORDS)] + " "
    yield END


class Store:
    """All tokens, for all workers. A token that is there is never replaced: of two workers that
    write the same answer one is refused."""

    def __init__(self, path):
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.executescript("""
            PRAGMA synchronous = off;
            CREATE TABLE IF NOT EXISTS answers (number INTEGER PRIMARY KEY, id TEXT UNIQUE, question TEXT);
            CREATE TABLE IF NOT EXISTS tokens (id TEXT, n INTEGER, text TEXT, PRIMARY KEY (id, n)) WITHOUT ROWID;
        """)

    def ask(self, question):
        id = secrets.token_urlsafe(12)
        number = self.db.execute("INSERT INTO answers (id, question) VALUES (?, ?)", (id, question)).lastrowid
        for (old,) in self.db.execute("SELECT id FROM answers WHERE number <= ?", (number - KEPT,)).fetchall():
            self.db.execute("DELETE FROM tokens WHERE id = ?", (old,))
            self.db.execute("DELETE FROM answers WHERE id = ?", (old,))
        return id

    def question(self, id):
        found = self.db.execute("SELECT question FROM answers WHERE id = ?", (id,)).fetchone()
        return found and found[0]

    def since(self, id, n):
        return [text for (text,) in self.db.execute("SELECT text FROM tokens WHERE id = ? AND n >= ? ORDER BY n", (id, n))]

    def add(self, id, n, text):
        try:
            self.db.execute("INSERT INTO tokens VALUES (?, ?, ?)", (id, n, text))
            return True
        except sqlite3.IntegrityError:
            return False


store = Store(os.environ.get("TOKENS_DB", "tokens.db"))


@ns.on("ask")
async def ask(event):
    """Keeps the question. The id is not to be guessed: whoever has it may read."""
    match event.args:
        case [str(question), *_] if 0 < len(question) <= 1000:
            event.reply(store.ask(question))
        case _:
            event.reply(None)


@ns.on("leave")
async def leave(event):
    match event.args:
        case [str(id), *_]:
            await event.socket.leave(f"answer:{id}")


@ns.on("read", concurrent=True)
async def read(event):
    """Brings a reader what it lacks, then writes on. As long as it writes the event is not
    settled: when this process is killed the hub gives it to another one."""
    match event.args:
        case [str(id), int(n), *_] if n >= 0 and (question := store.question(id)):
            pass
        case _:
            return
    room = f"answer:{id}"
    await event.socket.join(room)
    tokens = store.since(id, n)
    # Whoever wrote before and was killed may not have told all readers of its last token.
    readers = ns.to(room) if event.attempt > 1 else event.socket.target
    await readers.emit("tokens", id, n, tokens)
    if id in writing or tokens and tokens[-1] is END:
        return
    writing[id] = task = asyncio.create_task(write(id, room, question))
    try:
        await task
    except asyncio.CancelledError:
        if writing.get(id) is task:
            raise  # this process ends, or the event is another one's by now
        log.info("%d stopped %s: nobody reads it", os.getpid(), id)
        await ns.to(room).emit("stopped", id)  # but somebody may have come this moment
    finally:
        if writing.get(id) is task:
            del writing[id]


async def write(id, room, question):
    text = store.since(id, 0)
    if not await ns.to(room).count_sockets() or text and text[-1] is END:
        return
    log.info("%d writes %s from token %d", os.getpid(), id, len(text))
    n = len(text)
    async for token in model(question, text):
        if not store.add(id, n, token):
            log.info("%d leaves %s to another process", os.getpid(), id)
            return
        await ns.to(room).emit("tokens", id, n, [token])
        n += 1
    log.info("%d finished %s", os.getpid(), id)


@ns.on_room_vacated("answer:*")
async def nobody_reads(gone):
    """Each hub tells of its own readers; the count is that of all."""
    id = gone.room.removeprefix("answer:")
    task = writing.get(id)
    if task and not await ns.to(gone.room).count_sockets() and writing.get(id) is task:
        del writing[id]
        task.cancel()


logging.basicConfig(level=logging.INFO, format="%(message)s")
app = fastapi.FastAPI(lifespan=svc.lifespan)


@app.get("/")
def page():
    return fastapi.responses.FileResponse(os.path.join(os.path.dirname(__file__), "index.html"))
