"""Live auctions: auction.py PORT DATABASE. Written for python-socketio, without a look at the kit;
test_unseen.py changes its import and nothing else."""

import asyncio
import hashlib
import sqlite3
import sys
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import parse_qs

import socketio
import uvicorn
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, ValidationError

db = sqlite3.connect(sys.argv[2], isolation_level=None, timeout=20)
db.execute("PRAGMA journal_mode=WAL")
for table in (
    "joins (name, sid)", "leaves (name, sid, reason)", "bids (id PRIMARY KEY, lot, name, amount)",
    "handled (id)", "confirmed (name, answer)",
):  # fmt: skip
    db.execute(f"CREATE TABLE IF NOT EXISTS {table}")

sio = socketio.AsyncServer(async_mode="asgi", namespaces="*", cors_allowed_origins="*", max_http_buffer_size=2_000_000)
http = FastAPI()


class Bid(BaseModel):
    id: str
    lot: str
    amount: int


class Announcement(BaseModel):
    room: str
    text: str


@dataclass
class Seat:
    name: str
    host: bool
    lots: set[str] = field(default_factory=set)


seats: dict[str, Seat] = {}
recent: dict[str, deque[float]] = defaultdict(deque)
countdowns: dict[str, asyncio.Task[None]] = {}
LIMIT, WINDOW = 5, 1.0


def token_of(environ, auth):
    if isinstance(auth, dict) and auth.get("token"):
        return auth["token"]
    cookie = SimpleCookie(environ.get("HTTP_COOKIE", ""))
    if "auction" in cookie:
        return cookie["auction"].value
    return parse_qs(environ.get("QUERY_STRING", "")).get("token", [None])[0]


def present(name="%"):
    """Names by the sids of those who are in, whichever process has them."""
    gone = "SELECT sid FROM leaves"
    return {s: n for n, s in db.execute(f"SELECT * FROM joins WHERE name LIKE ? AND sid NOT IN ({gone})", (name,))}


async def seat_of(sid):
    """From memory, or as the session remembers it."""
    if sid not in seats:
        session = await sio.get_session(sid)
        seats[sid] = Seat(session["name"], session["host"], set(session["lots"]))
    return seats[sid]


def too_fast(sid):
    now, times = time.monotonic(), recent[sid]
    while times and times[0] < now - WINDOW:
        times.popleft()
    times.append(now)
    return len(times) > LIMIT


@sio.event
async def connect(sid, environ, auth):
    token = token_of(environ, auth)
    if token is None:
        return False
    if token == "expired":
        raise socketio.exceptions.ConnectionRefusedError("token expired", {"code": 401, "renew": "/login"})
    if not token.startswith("tok-"):
        raise ConnectionRefusedError("bad token")
    name = token[4:]
    seats[sid] = Seat(name, name.startswith("host"))
    await sio.save_session(sid, {"name": name, "host": seats[sid].host, "lots": [], "bids": 0})
    await sio.enter_room(sid, "hall")
    await sio.enter_room(sid, f"user:{name}")
    db.execute("INSERT INTO joins VALUES (?, ?)", (name, sid))
    await sio.emit("welcome", {"name": name, "sid": sid, "rooms": sorted(sio.rooms(sid))}, to=sid)
    await sio.emit("joined", name, room="hall", skip_sid=sid)


@sio.event
async def disconnect(sid, reason):
    session = await sio.get_session(sid)
    seats.pop(sid, None)
    recent.pop(sid, None)
    db.execute("INSERT INTO leaves VALUES (?, ?, ?)", (session["name"], sid, reason))
    await sio.emit("left", (session["name"], reason), room="hall")


@sio.on("lot:watch")
async def watch(sid, lot):
    seat = await seat_of(sid)
    await sio.enter_room(sid, f"lot:{lot}")
    seat.lots.add(lot)
    async with sio.session(sid) as session:
        session["lots"] = sorted(seat.lots)
    return len(list(sio.manager.get_participants("/", f"lot:{lot}"))), sorted(seat.lots)


@sio.on("lot:unwatch")
async def unwatch(sid, lot):
    seat = await seat_of(sid)
    await sio.leave_room(sid, f"lot:{lot}")
    seat.lots.discard(lot)
    return sorted(room for room in sio.rooms(sid) if room != sid)


@sio.event
async def bid(sid, data):
    seat = await seat_of(sid)
    try:
        offer = Bid(**data)
    except (ValidationError, TypeError) as error:
        return {"error": "invalid", "fields": sorted(str(e["loc"][0]) for e in getattr(error, "errors", list)())}
    high = db.execute("SELECT max(amount) FROM bids WHERE lot = ?", (offer.lot,)).fetchone()[0] or 0
    if offer.amount <= high:
        return "too low", {"high": high}
    db.execute("INSERT OR IGNORE INTO bids VALUES (?, ?, ?, ?)", (offer.id, offer.lot, seat.name, offer.amount))
    async with sio.session(sid) as session:
        session["bids"] += 1
    await sio.emit("high", {"lot": offer.lot, "name": seat.name, "amount": offer.amount}, room=f"lot:{offer.lot}")
    return "ok", {"high": offer.amount}


@sio.event
async def keep(sid, id):
    """An offer that has to be kept, whatever happens."""
    seat = await seat_of(sid)
    db.execute("INSERT INTO handled VALUES (?)", (id,))
    await sio.emit("kept", id, to=f"user:{seat.name}")
    return id, seat.name


@sio.event
async def chat(sid, text):
    if too_fast(sid):
        return {"error": "slow down", "limit": LIMIT}
    seat = await seat_of(sid)
    await sio.emit("chat", {"from": seat.name, "text": text}, to="hall", skip_sid=sid)
    return {"ok": True}


@sio.event
async def survey(sid, question, patience):
    """Asks everybody else in the hall; whoever does not answer in time is named."""
    if not (await seat_of(sid)).host:
        return {"error": "hosts only"}
    others = {s: name for s, name in present().items() if s != sid}
    answers = await asyncio.gather(
        *(sio.call("question", (question, "yes/no"), to=s, timeout=patience) for s in others), return_exceptions=True
    )
    timed_out = [isinstance(a, socketio.exceptions.TimeoutError) for a in answers]
    return {
        "answers": sorted(str(a) for a in answers if not isinstance(a, Exception)),
        "late": sorted(name for name, late in zip(others.values(), timed_out) if late),
    }


@sio.event
async def confirm(sid, target):
    name = present()[target]

    async def confirmed(*answer):
        db.execute("INSERT INTO confirmed VALUES (?, ?)", (name, repr(answer)))
        await sio.emit("confirmed", [name, *answer], to=sid)

    await sio.emit("please-confirm", {"lot": "vase"}, to=target, callback=confirmed)


@sio.event
async def photo(sid, meta, image):
    if len(image) > 500_000:
        return {"error": "too big"}
    digest = hashlib.sha256(image).hexdigest()
    await sio.emit("photo", {"meta": meta, "thumbs": [image[:4], {"last": image[-4:]}]}, room="hall", skip_sid=[sid])
    return {"sha256": digest, "mirror": image[::-1]}


@sio.on("lot:open")
async def open_lot(sid, lot, seconds):
    async def countdown():
        for left in range(seconds, 0, -1):
            await sio.emit("tick", (lot, left), room=f"lot:{lot}")
            await sio.sleep(0.05)
        row = db.execute("SELECT name, amount FROM bids WHERE lot = ? ORDER BY amount DESC LIMIT 1", (lot,)).fetchone()
        await sio.emit("closed", {"lot": lot, "winner": row}, room=f"lot:{lot}")
        await sio.close_room(f"lot:{lot}")

    countdowns[lot] = sio.start_background_task(countdown)


@sio.event
async def me(sid):
    environ = sio.get_environ(sid)
    return {
        "session": dict(await sio.get_session(sid)), "seat": sid in seats, "agent": environ["HTTP_X_AGENT"],
        "path": environ["PATH_INFO"], "method": environ["REQUEST_METHOD"], "transport": sio.transport(sid),
    }  # fmt: skip


@sio.event
async def crash(sid):
    raise RuntimeError("a fault of the application")


@sio.on("*")
async def anything(event, sid, *args):
    return {"unknown": event, "args": list(args)}


class Staff(socketio.AsyncNamespace):
    def __init__(self, namespace):
        super().__init__(namespace)
        self.calls = 0

    async def trigger_event(self, event, *args):
        self.calls += 1
        return await super().trigger_event(event.replace("-", "_"), *args)

    async def on_connect(self, sid, environ, auth):
        if (auth or {}).get("token", "")[:8] != "tok-host":
            raise socketio.exceptions.ConnectionRefusedError("staff only", {"hint": "ask a host"})
        await self.save_session(sid, {"name": auth["token"][4:]})
        await self.enter_room(sid, "staff")

    async def on_kick(self, sid, name):
        kicked = list(present(name))
        for one in kicked:
            await self.server.emit("kicked", "by staff", to=one)
            await self.server.disconnect(one)
        await self.emit("log", f"{(await self.get_session(sid))['name']} kicked {name}", room="staff")
        return len(kicked)

    def on_who_am_i(self, sid):
        return sorted(room for room in self.rooms(sid) if room != sid)

    async def on_whisper(self, sid, target, text):
        await self.send({"whisper": text}, to=target)

    def on_disconnect(self, sid, reason):
        db.execute("INSERT INTO leaves VALUES ('staff', ?, ?)", (sid, reason))


sio.register_namespace(Staff("/staff"))


class Teams(socketio.AsyncNamespace):
    """Every other namespace."""

    async def trigger_event(self, event, namespace, sid, *args):
        if event == "connect":
            if not namespace.startswith("/team-"):
                raise socketio.exceptions.ConnectionRefusedError("no such team")
            await self.emit("team", namespace, to=sid, namespace=namespace)
        elif event != "disconnect":
            await self.emit(event, args, namespace=namespace, skip_sid=sid)
            return namespace, event


sio.register_namespace(Teams("*"))


@http.post("/announce")
async def announce(announcement: Announcement):
    await sio.emit("announcement", announcement.model_dump(), room=announcement.room)
    return {"sent": True}


@http.get("/online")
async def online():
    return sorted({(await sio.get_session(s))["name"] for s, _ in sio.manager.get_participants("/", "hall")})


@http.post("/ask/{sid}")
async def ask(sid: str, text: str):
    try:
        return {"answer": await sio.call("question", (text, "open"), to=sid, timeout=0.5)}
    except socketio.exceptions.TimeoutError:
        raise HTTPException(504, "no answer")


@http.delete("/sockets/{sid}")
async def drop(sid: str):
    await sio.disconnect(sid)
    return {"dropped": sid}


app = socketio.ASGIApp(sio, other_asgi_app=http)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
