"""A chat in Flask. With Flask-SocketIO the one line that differs is the import.

python flask_chat.py 8000
"""

import sys

from flask import Flask, request, session

from siohub.flask_socketio import SocketIO, emit, join_room

app = Flask(__name__)
app.config["SECRET_KEY"] = "change me"
socketio = SocketIO(app)


@app.post("/login/<name>")
def login(name: str) -> str:
    session["name"] = name
    return f"Hello {name}"


@socketio.on("connect")
def connect() -> bool:
    if "name" not in session:  # the cookie that /login gave
        return False
    join_room("lobby")
    emit("joined", session["name"], to="lobby", include_self=False)
    return True


@socketio.on("message")
def message(text: str) -> str:
    session["count"] = session.get("count", 0) + 1
    emit("message", {"from": session["name"], "text": text}, to="lobby", include_self=False)
    return f"message {session['count']} of {request.sid}"  # type: ignore[attr-defined]


@socketio.on("disconnect")
def disconnect(reason: str) -> None:
    emit("left", session["name"], to="lobby", include_self=False)


if __name__ == "__main__":
    socketio.run(app, port=int(sys.argv[1]) if len(sys.argv) > 1 else 8000, allow_unsafe_werkzeug=True)
