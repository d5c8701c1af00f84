"""The WSGI environ of a browser's opening request, as python-socketio makes it."""

from __future__ import annotations

import io
import sys
from typing import Any
from urllib.parse import unquote


def make_environ(handshake: Any, *, asgi: bool) -> dict[str, Any]:
    """environ of a hub.v1.Handshake; with asgi it has `asgi.scope` too."""
    path, _, query = handshake.url.partition("?")
    path = unquote(path) or "/socket.io/"
    headers = [(h.name.lower().encode("latin-1", "replace"), _raw(h.value)) for h in handshake.headers]
    environ: dict[str, Any] = {
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.version": (1, 0),
        "wsgi.async": asgi,
        "wsgi.multithread": not asgi,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "SERVER_SOFTWARE": "siohub",
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "RAW_URI": handshake.url or path,
        "REQUEST_URI": handshake.url or path,
        "SCRIPT_NAME": "",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": handshake.remote_address or "127.0.0.1",
        "REMOTE_PORT": "0",
        "SERVER_NAME": "siohub",
        "SERVER_PORT": "443" if handshake.secure else "80",
        "siohub.handshake.origin": handshake.origin,
    }
    for header in handshake.headers:
        name = header.name.upper().replace("-", "_")
        if name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            environ[name] = header.value
            continue
        key = "HTTP_" + name
        joiner = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{joiner}{header.value}" if key in environ else header.value
    scheme = environ.get("HTTP_X_FORWARDED_PROTO") or ("https" if handshake.secure else "http")
    environ["wsgi.url_scheme"] = scheme
    host = environ.get("HTTP_HOST", "")
    if host:
        name, _, port = host.rpartition(":") if ":" in host and not host.endswith("]") else (host, "", "")
        environ["SERVER_NAME"] = name or host
        if port.isdigit() and len(port) <= 5:
            environ["SERVER_PORT"] = port
    if asgi:
        environ.update(_asgi(handshake, path, query, scheme, headers, environ))
    return environ


def _asgi(
    handshake: Any, path: str, query: str, scheme: str, headers: list[tuple[bytes, bytes]], environ: dict[str, Any]
) -> dict[str, Any]:
    websocket = handshake.transport == "websocket"
    scope = {
        "type": "websocket" if websocket else "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": scheme.replace("http", "ws", 1) if websocket else scheme,
        "path": path,
        "raw_path": handshake.url.partition("?")[0].encode("latin-1", "replace"),
        "root_path": "",
        "query_string": query.encode("latin-1", "replace"),
        "headers": headers,
        "client": (handshake.remote_address, 0) if handshake.remote_address else None,
        "server": (environ["SERVER_NAME"], int(environ["SERVER_PORT"])),
        "subprotocols": [],
        "state": {},
    }
    return {"asgi.scope": scope, "asgi.receive": _not_here, "asgi.send": _not_here}


def _raw(value: str) -> bytes:
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("utf-8")


async def _not_here(*_: Any) -> Any:
    raise RuntimeError("the browser's request is the hub's: there is nothing to receive or send here")
