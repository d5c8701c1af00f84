"""An application of Flask-SocketIO: story_flask.py MODULE MODE PORT."""

import sys

MODE = sys.argv[2]
if MODE == "gevent":
    from gevent import monkey

    monkey.patch_all()
elif MODE == "eventlet":
    import eventlet

    eventlet.monkey_patch()

import importlib

from flask import Flask, copy_current_request_context, request, session

lib = importlib.import_module(sys.argv[1])
app = Flask(__name__)
app.config["SECRET_KEY"] = "x"
socketio = lib.SocketIO()
journal: list = []


@app.route("/page")
def page():
    session["from"] = "page"
    return "a page"


@app.route("/shout/<text>")
def shout(text):
    socketio.emit("shout", {"text": text})
    return "ok"


@socketio.on("connect")
def connect(auth):
    if (auth or {}).get("name") == "false":
        return False
    if (auth or {}).get("name") == "refused":
        raise lib.ConnectionRefusedError("go away")
    session["name"] = (auth or {}).get("name")
    lib.join_room("lobby")
    lib.emit("welcome", [session["name"], request.namespace, request.args.get("q"), session.get("from")])
    lib.emit("joined", session["name"], to="lobby", include_self=False)


@socketio.on("disconnect")
def disconnect(reason):
    journal.append(["disconnect", session.get("name"), reason])
    socketio.emit("left", session.get("name"), to="lobby", skip_sid=request.sid)


@socketio.on("echo")
def echo(*args):
    session["count"] = session.get("count", 0) + 1
    return list(args), session["count"]


@socketio.on("all")
def to_all(text):
    lib.emit("all", text, broadcast=True)


@socketio.on("others")
def to_others(text):
    lib.emit("others", text, broadcast=True, include_self=False)


@socketio.on("send")
def send(text):
    lib.send(text)
    lib.send({"a": 1}, json=True)


@socketio.on("ask")
def ask(text):
    return lib.call("question", text, timeout=5)


@socketio.on("rooms")
def rooms(room):
    lib.join_room(room)
    here = sorted(r for r in lib.rooms() if r != request.sid)
    lib.leave_room(room)
    return here, sorted(r for r in lib.rooms() if r != request.sid)


@socketio.on("later")
def later():
    @copy_current_request_context
    def run():
        socketio.sleep(0.05)
        lib.emit("later", session["name"])

    socketio.start_background_task(run)


@socketio.on("bad")
def bad():
    raise ValueError("bad")


@socketio.on_error_default
def on_error(err):
    return ["error", str(err)]


@socketio.on("what")
def what():
    out, journal[:] = list(journal), []
    return out


@socketio.on("bye")
def bye():
    lib.disconnect()


class Chat(lib.Namespace if hasattr(lib, "Namespace") else object):
    def on_connect(self):
        lib.emit("hi", "chat")

    def on_message(self, text):
        self.send(text + "!")
        return text


socketio.on_namespace(Chat("/chat"))
socketio.init_app(app, async_mode=MODE, cors_allowed_origins="*")
socketio.run(app, port=int(sys.argv[3]), allow_unsafe_werkzeug=True)
