"""SocketIO.test_client: a browser for tests of a Flask application, without a hub."""

from __future__ import annotations

import importlib
import secrets
from typing import Any

from siohub._core.codec import Payload, decode
from siohub._facade.exceptions import ConnectionRefusedError as Refused

from .mirror import LEAVING, Entry, room_name
from .reasons import Reason


class Loopback:
    """Stands in the place of the hub for a Server: what is emitted goes to test clients."""

    def __init__(self, server: Any) -> None:
        self.clients: dict[str, SocketIOTestClient] = {}  # by eio_sid
        self.server = server
        server._send = self.send
        server._post = lambda call: call()
        server._save = lambda entry: None
        server.attach_automatically = False
        server._emit_with_callback = self.ask

    def ask(self, event: str, payload: Payload, namespace: str, room: Any, skip_sid: Any, callback: Any) -> None:
        """Emits; nobody acknowledges."""
        from siohub._core import commands

        self.send(commands.emit(self.server._target(namespace, room, skip_sid)[0], event, payload))

    def send(self, command: Any, at: str = "") -> None:
        """Carries a command out; the mirror has the rooms already."""
        kind = command.WhichOneof("op")
        if kind == "emit":
            target, emit = command.emit.target, command.emit
            for entry in self._targets(target):
                self.clients[entry.eio_sid].receive(
                    target.namespace, emit.event, decode(emit.payload.args, emit.payload.attachments)
                )
        elif kind == "disconnect":
            for sid in command.disconnect.target.sockets:
                entry = self.server.mirror.entries.get(sid)
                if entry is not None:
                    self.clients[entry.eio_sid].connected[entry.namespace] = False

    def _targets(self, target: Any) -> list[Entry]:
        entries = [e for e in self.server.mirror.entries.values() if e.namespace == target.namespace]
        rooms, sockets, skip = set(target.rooms), set(target.sockets), set(target.except_sockets)
        return [
            e
            for e in entries
            if e.sid not in skip
            and (target.all or e.sid in sockets or e.sid in rooms or rooms & {room_name(r) for r in e.rooms})
        ]


class SocketIOTestClient:
    """A browser in the namespaces of a Flask-SocketIO application. Handlers run inside of its
    methods; what is emitted to it is kept until get_received."""

    def __init__(
        self, app: Any, socketio: Any, namespace: str | None = None, query_string: str | None = None,
        headers: Any = None, auth: Any = None, flask_test_client: Any = None,
    ) -> None:  # fmt: skip
        self.app, self.socketio, self.flask_test_client = app, socketio, flask_test_client
        self.eio_sid = secrets.token_hex(16)
        self.connected: dict[str, bool] = {}
        self.queue: list[dict[str, Any]] = []
        self._sids: dict[str, str] = {}
        server = socketio.server
        if not hasattr(server, "_loopback"):
            server._loopback = Loopback(server)
        server._loopback.clients[self.eio_sid] = self
        self.connect(namespace, query_string, headers, auth)

    def is_connected(self, namespace: str | None = None) -> bool:
        """Whether it is in a namespace."""
        return self.connected.get(namespace or "/", False)

    def connect(
        self, namespace: str | None = None, query_string: str | None = None, headers: Any = None, auth: Any = None
    ) -> None:
        """Joins a namespace; is_connected says whether it was let in."""
        server, name = self.socketio.server, namespace or "/"
        if not {name, "*"} & set(server.accepted_namespaces()):
            return
        entry = Entry(secrets.token_urlsafe(15), name, self.eio_sid, "", "websocket")
        entry.environ = server._environ(self._environ(query_string, headers))
        server.mirror.add(entry)
        server.mirror.opened(entry)
        self._sids[name] = entry.sid
        self.connected[name] = True
        if self._is_refused(entry, auth):
            self.connected[name] = False
            server.mirror.remove(entry)

    def _is_refused(self, entry: Entry, auth: Any) -> bool:
        server = self.socketio.server
        try:
            if auth:
                return server._trigger_event("connect", entry.namespace, entry.sid, entry.environ, auth) is False
            try:
                return server._trigger_event("connect", entry.namespace, entry.sid, entry.environ, None) is False
            except TypeError:
                return server._trigger_event("connect", entry.namespace, entry.sid, entry.environ) is False
        except (Refused, ConnectionRefusedError):
            return True

    def _environ(self, query_string: str | None, headers: Any) -> dict[str, Any]:
        path = "/socket.io" + ("?" + query_string.lstrip("?") if query_string else "")
        client = self.flask_test_client
        if client is None:
            testing: Any = importlib.import_module("flask.testing")
            return testing.EnvironBuilder(self.app, path=path, headers=headers).get_environ()  # type: ignore[no-any-return]
        environ: dict[str, Any] = client._request_from_builder_args(
            args=(), kwargs={"path": path, "headers": headers}
        ).environ
        client._add_cookies_to_wsgi(environ)
        return environ

    def disconnect(self, namespace: str | None = None) -> None:
        """Leaves a namespace. Raises RuntimeError when it is not in it."""
        entry = self._entry(namespace)
        entry.state = LEAVING
        server = self.socketio.server
        server._trigger_event("disconnect", entry.namespace, entry.sid, Reason.of("client namespace disconnect"))
        server.mirror.remove(entry)
        del self.connected[namespace or "/"]

    def emit(self, event: str, *args: Any, **kwargs: Any) -> Any:
        """Emits an event. With callback it returns what the handler acknowledges: one argument,
        or a list of several."""
        entry = self._entry(kwargs.pop("namespace", None))
        server = self.socketio.server
        sent = server._encode(list(args))
        result = server._trigger_event(event, entry.namespace, entry.sid, *decode(*sent))
        if not kwargs.pop("callback", False) or result is server.not_handled:
            return None
        values = [] if result is None else list(result) if isinstance(result, tuple) else [result]
        back = decode(*server._encode(values))
        return back[0] if len(back) == 1 else back

    def send(self, data: Any, json: bool = False, callback: bool = False, namespace: str | None = None) -> Any:
        """Emits "message", or "json"."""
        return self.emit("json" if json else "message", data, callback=callback, namespace=namespace)

    def get_received(self, namespace: str | None = None) -> list[dict[str, Any]]:
        """What was emitted to it since the last call: name, args and namespace of each."""
        self._entry(namespace)
        name = namespace or "/"
        received = [packet for packet in self.queue if packet["namespace"] == name]
        self.queue = [packet for packet in self.queue if packet["namespace"] != name]
        return received

    def receive(self, namespace: str, event: str, args: list[Any]) -> None:
        """Something was emitted to it."""
        values: Any = (args[0] if args else None) if event in ("message", "json") else args
        self.queue.append({"name": event, "args": values, "namespace": namespace})

    def _entry(self, namespace: str | None) -> Entry:
        entry = self.socketio.server.mirror.entries.get(self._sids.get(namespace or "/", ""))
        if entry is None or not self.is_connected(namespace):
            raise RuntimeError("not connected")
        return entry  # type: ignore[no-any-return]
