"""ASGIApp and WSGIApp: they serve the other application, and attach the server."""

from __future__ import annotations

import inspect
import logging
import mimetypes
import os
from typing import Any

from siohub.errors import ConfigError

from .said import once

_HERE = b"browsers connect to the hub, not to this application\n"


def _said_here(path: str) -> None:
    once(
        "browser here",
        "a browser asks this application for %s: Socket.IO is served by the hub. Let your proxy send that path to "
        "the hub, or give the client the hub's address",
        path,
        level=logging.ERROR,
    )


def static_file(path: str, static_files: Any) -> dict[str, Any] | None:
    """The file of a path by python-socketio's rules."""
    extra = ""
    rule: Any = None
    if path in static_files:
        rule = static_files[path]
    else:
        while path != "":
            path, last = path.rsplit("/", 1)
            extra = "/" + last + extra
            if path in static_files or path + "/" in static_files:
                rule = static_files.get(path, static_files.get(path + "/"))
                break
    if not rule:
        return None
    found = dict(rule) if isinstance(rule, dict) else {"filename": rule}
    if extra and extra != "/" and extra.startswith("/"):
        found["filename"] = found["filename"].rstrip("/") + extra
    if found["filename"].endswith("/"):
        found["filename"] += static_files.get("", "index.html")
    found.setdefault("content_type", mimetypes.guess_type(found["filename"])[0] or "application/octet-stream")
    return found


def _as_path(path: str | None) -> str | None:
    if path is None:
        return None
    path = path if path.startswith("/") else "/" + path
    return path if path.endswith("/") else path + "/"


class ASGIApp:
    """Serves the other ASGI application and static files, and attaches the server when the
    application starts: with the lifespan where it gets one, and on the application's loop
    where it is mounted into another application. Takes the arguments of python-socketio's."""

    def __init__(
        self, socketio_server: Any, other_asgi_app: Any = None, static_files: Any = None,
        socketio_path: str | None = "socket.io", on_startup: Any = None, on_shutdown: Any = None,
    ) -> None:  # fmt: skip
        self.engineio_server = self.socketio_server = socketio_server
        self.other_asgi_app = other_asgi_app
        self.engineio_path = _as_path(socketio_path)
        self.static_files = static_files or {}
        self.on_startup, self.on_shutdown = on_startup, on_shutdown
        socketio_server._attach_when_loop_runs()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self.lifespan(scope, receive, send)
            return
        self._begin()
        path = scope["path"] if scope["path"].endswith("/") else scope["path"] + "/"
        if self.engineio_path is None or path.startswith(self.engineio_path):
            await self.not_here(scope, receive, send)
            return
        found = static_file(scope["path"], self.static_files) if scope["type"] == "http" and self.static_files else None
        if found and os.path.exists(found["filename"]):
            await self.serve_static_file(found, receive, send)
        elif self.other_asgi_app is not None:
            await self.other_asgi_app(scope, receive, send)
        else:
            await self.not_found(receive, send)

    async def serve_static_file(self, static_file: Any, receive: Any, send: Any) -> None:
        """Serves a file."""
        await receive()
        with open(static_file["filename"], "rb") as file:
            payload = file.read()
        await _respond(send, 200, static_file["content_type"].encode(), payload)

    async def lifespan(self, scope: Any, receive: Any, send: Any) -> None:
        """Attaches at startup, leaves at shutdown; the other application has its part of it."""
        server = self.socketio_server
        if self.other_asgi_app is not None and self.on_startup is None and self.on_shutdown is None:

            async def tapped() -> Any:
                event = await receive()
                if event["type"] == "lifespan.startup":
                    await self._begin_or_fail(send)
                elif event["type"] == "lifespan.shutdown":
                    await server.shutdown()
                return event

            await self.other_asgi_app(scope, tapped, send)
            return
        while True:
            event = await receive()
            if event["type"] == "lifespan.startup":
                if not await self._run(self.on_startup, send, "lifespan.startup.failed"):
                    return
                await self._begin_or_fail(send)
                await send({"type": "lifespan.startup.complete"})
            elif event["type"] == "lifespan.shutdown":
                await server.shutdown()
                if await self._run(self.on_shutdown, send, "lifespan.shutdown.failed"):
                    await send({"type": "lifespan.shutdown.complete"})
                return

    async def _begin_or_fail(self, send: Any) -> None:
        """Begins. The web server hears of a mistake in the options, and ends with it."""
        try:
            self._begin()
        except ConfigError as err:
            await send({"type": "lifespan.startup.failed", "message": str(err)})
            raise

    def _begin(self) -> None:
        server = self.socketio_server
        if not server._serves and server.attach_automatically and not server.manager.write_only:
            server._begin()

    async def _run(self, hook: Any, send: Any, failed: str) -> bool:
        if hook is None:
            return True
        try:
            result = hook()
            if inspect.isawaitable(result):
                await result
        except Exception:
            logging.getLogger("siohub").exception("%s failed", hook)
            await send({"type": failed})
            return False
        return True

    async def not_here(self, scope: Any, receive: Any, send: Any) -> None:
        """Answers a browser that came to the wrong door."""
        _said_here(scope["path"])
        await receive()
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": _HERE.decode().strip()})
        else:
            await _respond(send, 404, b"text/plain", _HERE)

    async def not_found(self, receive: Any, send: Any) -> None:
        """Answers 404."""
        await _respond(send, 404, b"text/plain", b"Not Found")


async def _respond(send: Any, status: int, content_type: bytes, body: bytes) -> None:
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class WSGIApp:
    """Serves the other WSGI application and static files, and attaches the server when the
    application starts. Takes the arguments of python-socketio's."""

    def __init__(
        self, socketio_app: Any, wsgi_app: Any = None, static_files: Any = None, socketio_path: str = "socket.io"
    ) -> None:
        self.engineio_app = self.socketio_app = socketio_app
        self.wsgi_app = wsgi_app
        self.engineio_path = (_as_path(socketio_path) or "/socket.io/").strip("/")
        self.static_files = static_files or {}
        socketio_app._attach_when_ready()

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.socketio_app._attach_now()
        path: str = environ["PATH_INFO"]
        found = static_file(path, self.static_files) if self.static_files else None
        if path.strip("/") == self.engineio_path or path.startswith(f"/{self.engineio_path}/"):
            _said_here(path)
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [_HERE]
        if found and os.path.exists(found["filename"]):
            start_response("200 OK", [("Content-Type", found["content_type"])])
            with open(found["filename"], "rb") as file:
                return [file.read()]
        if self.wsgi_app is not None:
            return self.wsgi_app(environ, start_response)
        return self.not_found(start_response)

    def not_found(self, start_response: Any) -> list[bytes]:
        """Answers 404."""
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"Not Found"]


class Middleware(WSGIApp):
    """The older name of WSGIApp."""

    def __init__(self, socketio_app: Any, wsgi_app: Any = None, socketio_path: str = "socket.io") -> None:
        super().__init__(socketio_app, wsgi_app, socketio_path=socketio_path)
