"""An application of python-socketio: story_async.py MODULE PORT. The same text runs against the
reference and against the kit."""

import asyncio
import importlib
import sys

import uvicorn

socketio = importlib.import_module(sys.argv[1])
sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*", ping_interval=20)
journal: list = []
released = asyncio.Event()


def others(sid):
    return sorted(str(room) for room in sio.rooms(sid) if room != sid)


def note(*what):
    journal.append(list(what))


@sio.event
async def connect(sid, environ, auth):
    note("connect", auth, environ["QUERY_STRING"] != "", environ.get("HTTP_X_TEST"), environ["asgi.scope"]["type"])
    name = (auth or {}).get("name")
    if name == "false":
        return False
    if name == "refused":
        raise socketio.exceptions.ConnectionRefusedError("go away")
    if name == "refused2":
        raise socketio.exceptions.ConnectionRefusedError("go away", {"why": 1})
    if name == "refused3":
        raise socketio.exceptions.ConnectionRefusedError("go away", 1, 2)
    if name == "bare":
        raise socketio.exceptions.ConnectionRefusedError()
    if name == "builtin":
        raise ConnectionRefusedError("not seen")
    await sio.save_session(sid, {"name": name, "closure": lambda: 7})
    await sio.enter_room(sid, "lobby")
    await sio.emit("welcome", {"name": name}, to=sid)
    await sio.emit("joined", name, room="lobby")
    return True


@sio.event
async def disconnect(sid, reason):
    session = await sio.get_session(sid)
    note("disconnect", session.get("name"), reason, others(sid), sio.get_environ(sid) is not None)
    await sio.emit("left", [session.get("name"), reason], room="lobby", skip_sid=sid)


@sio.event
async def echo(sid, *args):
    return args if len(args) != 1 else args[0]


@sio.event
async def nothing(sid):
    return None


@sio.event
async def two(sid):
    return {"a": 1}, 2


@sio.event
async def a_list(sid):
    return [1, 2]


@sio.event
def plain(sid, data):
    note("plain", data)
    return True


@sio.on("with:colon and space")
async def colon(sid, data):
    return data


@sio.event
async def few(sid):
    return "not called with an argument"


@sio.event
async def broken(sid):
    raise RuntimeError("broken")


@sio.on("*")
async def anything(sid_or_event, *args):
    note("any", sid_or_event, len(args))
    return ["any", sid_or_event, *args[1:]]


@sio.event
async def say(sid, room, text):
    await sio.emit("said", (text, b"\x00\x01", {"nested": [b"x"]}), room=room, skip_sid=sid)
    return others(sid)


@sio.event
async def say_lists(sid, rooms, skip):
    await sio.emit("said", "once", to=rooms, skip_sid=skip)


@sio.event
async def everybody(sid, text):
    await sio.send(text)


@sio.event
async def enter(sid, room):
    await sio.enter_room(sid, room)
    here = sorted(len(list(sio.manager.get_participants("/", r))) for r in [room])
    return [others(sid), here, sio.manager.is_connected(sid, "/")]


@sio.event
async def leave(sid, room):
    await sio.leave_room(sid, room)
    return others(sid)


@sio.event
async def close_room(sid, room):
    await sio.close_room(room)
    return others(sid)


@sio.event
async def ask(sid, other, question):
    try:
        return await sio.call("question", question, to=other, timeout=5)
    except socketio.exceptions.TimeoutError:
        return "timeout"


@sio.event
async def ask_late(sid, other):
    try:
        return await sio.call("silent", to=other, timeout=0.3)
    except socketio.exceptions.TimeoutError as err:
        return ["timeout", type(err).__name__]


@sio.event
async def with_callback(sid):
    done = asyncio.get_running_loop().create_future()
    await sio.emit("question", "cb", to=sid, callback=lambda *args: done.set_result(args))
    return list(await asyncio.wait_for(done, 10))


@sio.event
async def session(sid, key, value):
    async with sio.session(sid) as s:
        s[key] = value
    kept = await sio.get_session(sid)
    return [sorted(kept), kept["closure"]() if "closure" in kept else None]


@sio.event
async def kick(sid, other):
    await sio.disconnect(other)
    note("kicked")
    return "kicked"


@sio.event
async def slow_then_fast(sid, key):
    note("begin", key)
    if key == "slow":
        released.clear()
        await sio.emit("began", to=sid)
        await released.wait()
    elif key == "release":
        released.set()
    note("end", key)
    return key


@sio.event
async def facts(sid):
    environ = sio.get_environ(sid, "/")
    return [
        sio.transport(sid), environ["REMOTE_ADDR"], environ["REQUEST_METHOD"], environ["PATH_INFO"],
        environ["wsgi.url_scheme"], sio.async_mode, type(environ["asgi.scope"]["headers"][0][0]).__name__,
    ]  # fmt: skip


@sio.event
async def what(sid):
    out, journal[:] = list(journal), []
    return out


class Chat(socketio.AsyncNamespace):
    async def on_connect(self, sid, environ, auth=None):
        if "X-No" in str(environ.get("HTTP_X_TEST")):
            return False
        await self.emit("hi", "chat", to=sid)

    def on_disconnect(self, sid):
        note("chat left")

    async def on_message(self, sid, text):
        await self.send(text + "!", room=sid)
        return text

    async def on_where(self, sid):
        await self.enter_room(sid, "r")
        return [r for r in self.rooms(sid) if r != sid]


sio.register_namespace(Chat("/chat"))


@sio.on("connect", namespace="/picky")
async def picky(sid, environ, auth=None):
    return (auth or {}).get("name") == "ok"


app = socketio.ASGIApp(sio)
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", access_log=False)
