"""An application of python-socketio without asyncio: story_sync.py MODULE MODE PORT."""

import sys

MODE = sys.argv[2]
if MODE == "gevent":
    from gevent import monkey

    monkey.patch_all()
elif MODE == "eventlet":
    import eventlet

    eventlet.monkey_patch()

import importlib
import threading

socketio = importlib.import_module(sys.argv[1])
sio = socketio.Server(async_mode=MODE, cors_allowed_origins="*", always_connect="--always" in sys.argv)
journal: list = []
released: list = []


def others(sid):
    return sorted(str(room) for room in sio.rooms(sid) if room != sid)


@sio.event
def connect(sid, environ, auth):
    name = (auth or {}).get("name")
    if name == "false":
        return False
    if name == "refused":
        raise socketio.exceptions.ConnectionRefusedError("go away", {"why": 1})
    sio.save_session(sid, {"name": name})
    sio.enter_room(sid, "lobby")
    sio.emit("welcome", {"name": name, "cookie": environ.get("HTTP_COOKIE")}, to=sid)
    sio.emit("joined", name, room="lobby")


@sio.event
def disconnect(sid, reason):
    journal.append(["disconnect", sio.get_session(sid)["name"], reason])
    sio.emit("left", sio.get_session(sid)["name"], room="lobby", skip_sid=sid)


@sio.event
def echo(sid, *args):
    return args


@sio.event
def ask(sid, other, question):
    try:
        return sio.call("question", question, to=other, timeout=5)
    except socketio.exceptions.TimeoutError:
        return "timeout"


@sio.event
def ask_late(sid, other):
    try:
        return sio.call("silent", to=other, timeout=0.3)
    except socketio.exceptions.TimeoutError:
        return "timeout"


@sio.event
def say(sid, room, text):
    sio.emit("said", text, room=room, skip_sid=sid)
    return others(sid)


@sio.event
def enter(sid, room):
    sio.enter_room(sid, room)
    return others(sid)


@sio.event
def leave(sid, room):
    sio.leave_room(sid, room)
    return others(sid)


@sio.event
def session(sid, key, value):
    with sio.session(sid) as s:
        s[key] = value
    return sio.get_session(sid)


@sio.event
def ticks(sid, count):
    def run():
        for n in range(count):
            sio.emit("tick", n, to=sid)
            sio.sleep(0)

    sio.start_background_task(run)


@sio.event
def from_a_thread(sid):
    thread = threading.Thread(target=lambda: sio.emit("threaded", "yes", to=sid))
    thread.start()
    thread.join()


@sio.event
def beside(sid, key):
    journal.append(["begin", key])
    if key == "slow":
        released.clear()
        sio.emit("began", to=sid)
        while not released:
            sio.sleep(0.01)
    elif key == "release":
        released.append(True)
    journal.append(["end", key])
    return key


@sio.event
def kick(sid, other):
    sio.disconnect(other)
    return "kicked"


@sio.event
def callback(sid):
    sio.emit("question", "cb", to=sid, callback=lambda *args: sio.emit("called back", args, to=sid))


@sio.event
def what(sid):
    out, journal[:] = list(journal), []
    return out


class Chat(socketio.Namespace):
    def on_connect(self, sid, environ, auth=None):
        self.emit("hi", "chat", to=sid)

    def on_disconnect(self, sid):
        journal.append(["chat left"])

    def on_message(self, sid, text):
        self.send(text + "!", room=sid)
        return text


sio.register_namespace(Chat("/chat"))


def page(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"a page"]


app = socketio.WSGIApp(sio, page)
port = int(sys.argv[3])
if MODE == "gevent":
    from gevent import pywsgi

    pywsgi.WSGIServer(("127.0.0.1", port), app, log=None).serve_forever()
elif MODE == "eventlet":
    import eventlet.wsgi

    eventlet.wsgi.server(eventlet.listen(("127.0.0.1", port)), app, log_output=False)
else:
    from werkzeug.serving import run_simple

    run_simple("127.0.0.1", port, app, threaded=True)
