"""SocketIO.run: the web server of a Flask application."""

from __future__ import annotations

import importlib
import sys
from typing import Any

_TLS = ("keyfile", "certfile", "server_side", "cert_reqs", "ssl_version", "ca_certs", "ciphers")


def run(socketio: Any, app: Any, host: str | None, port: int | None, **kwargs: Any) -> None:
    """Runs until it is stopped."""
    host = host or "127.0.0.1"
    if port is None:
        name = app.config["SERVER_NAME"] or ""
        port = int(name.rsplit(":", 1)[1]) if ":" in name else 5000
    debug = kwargs.pop("debug", app.debug)
    log_output = kwargs.pop("log_output", debug)
    use_reloader = kwargs.pop("use_reloader", debug)
    extra = kwargs.pop("extra_files", None)
    reloader = {**kwargs.pop("reloader_options", {}), **({"extra_files": extra} if extra else {})}
    unsafe = kwargs.pop("allow_unsafe_werkzeug", False)
    app.debug = debug
    mode = socketio.server.async_mode
    if mode == "threading":
        if not unsafe and not (sys.stdin and sys.stdin.isatty()):
            raise RuntimeError(
                "The Werkzeug web server is not designed to run in production. Pass "
                "allow_unsafe_werkzeug=True to the run() method to disable this error."
            )
        if not use_reloader or _is_reloaded():
            socketio.server._attach_now()
        app.run(host=host, port=port, threaded=True, use_reloader=use_reloader, **reloader, **kwargs)
        return

    def serve() -> None:
        socketio.server._attach_now()
        (_serve_eventlet if mode == "eventlet" else _serve_gevent)(socketio, app, host, port, log_output, kwargs)

    if use_reloader:
        importlib.import_module("werkzeug._reloader").run_with_reloader(serve, **reloader)
    else:
        serve()


def _is_reloaded() -> bool:
    return bool(importlib.import_module("werkzeug.serving").is_running_from_reloader())


def _serve_eventlet(socketio: Any, app: Any, host: str, port: int, log_output: bool, kwargs: dict[str, Any]) -> None:
    eventlet: Any = importlib.import_module("eventlet")
    wsgi: Any = importlib.import_module("eventlet.wsgi")
    family, _, _, _, address = importlib.import_module("eventlet.green.socket").getaddrinfo(host, port)[0]
    listening = eventlet.listen(address, family)
    tls = {name: kwargs.pop(name) for name in _TLS if kwargs.get(name) is not None}
    if tls:
        listening = eventlet.wrap_ssl(listening, server_side=True, **tls)
    wsgi.server(listening, app, log_output=log_output, **kwargs)


def _serve_gevent(socketio: Any, app: Any, host: str, port: int, log_output: bool, kwargs: dict[str, Any]) -> None:
    pywsgi: Any = importlib.import_module("gevent.pywsgi")
    socketio.wsgi_server = pywsgi.WSGIServer((host, port), app, log="default" if log_output else None, **kwargs)
    socketio.wsgi_server.serve_forever()


def stop(socketio: Any) -> None:
    """Ends run."""
    mode = socketio.server.async_mode
    socketio.server.shutdown()
    if mode.startswith("gevent"):
        socketio.wsgi_server.stop()
    elif mode == "eventlet":
        raise SystemExit
    else:
        flask: Any = importlib.import_module("flask")
        end = flask.request.environ.get("werkzeug.server.shutdown")
        if end is None:
            raise RuntimeError("Cannot stop unknown web server")
        end()
