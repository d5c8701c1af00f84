"""SocketIO and Namespace of Flask-SocketIO."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from typing import Any

import flask
from flask import has_request_context
from flask import json as flask_json
from flask.sessions import SessionMixin

from siohub import socketio
from siohub._facade.flask_namespace import Namespace
from siohub._facade.flask_run import run, stop
from siohub._facade.flask_test import SocketIOTestClient
from siohub._facade.reasons import reasons
from siohub._facade.said import say
from siohub.socketio.exceptions import ConnectionRefusedError

_KEPT = "_flask"  # member of the user session that has the Flask session of a socket


class _ManagedSession(dict[str, Any], SessionMixin):
    """The session of a socket's handlers, which begins as a copy of the user's."""


class SocketIO:
    """A Flask-SocketIO server. It takes the arguments of Flask-SocketIO's; options of
    python-socketio and Engine.IO are treated as AsyncServer says. With message_queue and
    without an app it only emits, over the hub."""

    reason = reasons

    def __init__(self, app: Any = None, **kwargs: Any) -> None:
        self.server: Any = None
        self.server_options: dict[str, Any] = {}
        self.wsgi_server: Any = None
        self.handlers: list[tuple[str, Callable[..., Any], str]] = []
        self.namespace_handlers: list[Namespace] = []
        self.exception_handlers: dict[str, Callable[[Exception], Any]] = {}
        self.default_exception_handler: Callable[[Exception], Any] | None = None
        self.manage_session = True
        self.async_mode = ""
        self.sockio_mw: Any = None
        if app is not None or "message_queue" in kwargs:
            self.init_app(app, **kwargs)
        else:
            self.server_options.update(kwargs)

    def init_app(self, app: Any, **kwargs: Any) -> None:
        """Makes the server of an application. None makes one that only emits."""
        if app is not None:
            app.extensions["socketio"] = self
        options = self.server_options
        options.update(kwargs)
        self.manage_session = options.pop("manage_session", self.manage_session)
        url = options.pop("message_queue", None)
        options.pop("channel", None)
        if "client_manager" not in options and (url or app is None):
            options["client_manager"] = socketio.PubSubManager(url or "", write_only=app is None)
        if options.get("json") is flask_json:
            options["json"] = _flask_json(app)
        for name in ("path", "resource"):
            value = options.pop(name, None)
            if value and value.strip("/") != "socket.io":
                say(name, value)
        if os.environ.get("FLASK_RUN_FROM_CLI") and options.get("async_mode") is None:
            options["async_mode"] = "threading"
        self.server = socketio.Server(**options)
        self.async_mode = self.server.async_mode
        for message, handler, namespace in self.handlers:
            self.server.on(message, handler, namespace=namespace)
        for namespace_handler in self.namespace_handlers:
            self.server.register_namespace(namespace_handler)
        if app is not None:
            self.server.environ_extra["flask.app"] = app
            self.sockio_mw = socketio.WSGIApp(self.server, app.wsgi_app)
            app.wsgi_app = self.sockio_mw

    # Registration.

    def on(self, message: str, namespace: str | None = None) -> Callable[..., Any]:
        """Decorator that registers the handler of an event."""
        name = namespace or "/"

        def decorator(handler: Callable[..., Any]) -> Callable[..., Any]:
            @wraps(handler)
            def with_context(*args: Any) -> Any:
                event, space = message, name
                if message == "*":
                    event, args = args[0], args[1:]
                if name == "*":
                    space, args = args[0], args[1:]
                sid, args = args[0], args[1:]
                if message == "*":
                    args = (event, *args)
                return self._handle_event(handler, message, space, sid, *args)

            if self.server is not None:
                self.server.on(message, with_context, namespace=name)
            else:
                self.handlers.append((message, with_context, name))
            return handler

        return decorator

    def on_event(self, message: str, handler: Callable[..., Any], namespace: str | None = None) -> None:
        """on that is no decorator."""
        self.on(message, namespace=namespace)(handler)

    def event(self, *args: Any, **kwargs: Any) -> Any:
        """Decorator that registers a handler under the name of the function."""
        if len(args) == 1 and not kwargs and callable(args[0]):
            return self.on(args[0].__name__)(args[0])
        return lambda handler: self.on(handler.__name__, *args, **kwargs)(handler)

    def on_namespace(self, namespace_handler: Namespace) -> None:
        """Registers a Namespace object. Raises ValueError for others."""
        if not isinstance(namespace_handler, Namespace):
            raise ValueError("Not a namespace instance.")
        namespace_handler._set_socketio(self)
        if self.server is not None:
            self.server.register_namespace(namespace_handler)
        else:
            self.namespace_handlers.append(namespace_handler)

    def on_error(self, namespace: str | None = None) -> Callable[..., Any]:
        """Decorator that registers who gets the exceptions of a namespace's handlers."""

        def decorator(handler: Callable[[Exception], Any]) -> Callable[[Exception], Any]:
            if not callable(handler):
                raise ValueError("exception_handler must be callable")
            self.exception_handlers[namespace or "/"] = handler
            return handler

        return decorator

    def on_error_default(self, exception_handler: Callable[[Exception], Any]) -> Callable[[Exception], Any]:
        """Decorator that registers who gets the exceptions of all other namespaces' handlers."""
        if not callable(exception_handler):
            raise ValueError("exception_handler must be callable")
        self.default_exception_handler = exception_handler
        return exception_handler

    # Emits from anywhere.

    def emit(self, event: str, *args: Any, **kwargs: Any) -> None:
        """Emits to a room (to, room), or to everybody in the namespace."""
        namespace = kwargs.pop("namespace", None) or "/"
        to = kwargs.pop("to", None) or kwargs.pop("room", None)
        skip_sid = kwargs.pop("skip_sid", None)
        if not kwargs.pop("include_self", True) and not skip_sid:
            skip_sid = flask.request.sid  # type: ignore[attr-defined]
        kwargs.pop("room", None)
        callback = self._with_context(kwargs.pop("callback", None))
        self.server.emit(event, *args, namespace=namespace, to=to, skip_sid=skip_sid, callback=callback, **kwargs)

    def _with_context(self, callback: Any) -> Any:
        """A callback that runs in the request context of the handler that made it."""
        sid = getattr(flask.request, "sid", None) if callback and has_request_context() else None
        if not sid:
            return callback
        namespace = getattr(flask.request, "namespace", None)
        return lambda *args: self._handle_event(callback, None, namespace, sid, *args)

    def call(self, event: str, *args: Any, **kwargs: Any) -> Any:
        """Emits to one socket and waits for its acknowledgement; see Server.call."""
        namespace = kwargs.pop("namespace", None) or "/"
        to = kwargs.pop("to", None) or kwargs.pop("room", None)
        kwargs.pop("room", None)
        return self.server.call(event, *args, namespace=namespace, to=to, **kwargs)

    def send(
        self, data: Any, json: bool = False, namespace: str | None = None, to: Any = None, callback: Any = None,
        include_self: bool = True, skip_sid: Any = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        """Emits "message", or "json"."""
        self.emit(
            "json" if json else "message", data, namespace=namespace, to=to, include_self=include_self,
            skip_sid=skip_sid, callback=callback, **kwargs,
        )  # fmt: skip

    def close_room(self, room: Any, namespace: str | None = None) -> None:
        """Takes every socket out of a room."""
        self.server.close_room(room, namespace)

    # Running.

    def run(self, app: Any, host: str | None = None, port: int | None = None, **kwargs: Any) -> None:
        """Runs the application's web server, in the way of the async mode. Browsers do not
        connect to it but to the hub."""
        run(self, app, host, port, **kwargs)

    def stop(self) -> None:
        """Stops the web server that run() started."""
        stop(self)

    def start_background_task(self, target: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Runs a function in a thread or greenlet of the async mode."""
        return self.server.start_background_task(target, *args, **kwargs)

    def sleep(self, seconds: float = 0) -> None:
        """Sleeps in the way of the async mode."""
        self.server.sleep(seconds)

    def test_client(
        self, app: Any, namespace: str | None = None, query_string: str | None = None, headers: Any = None,
        auth: Any = None, flask_test_client: Any = None,
    ) -> SocketIOTestClient:  # fmt: skip
        """A browser for tests, without a hub."""
        return SocketIOTestClient(
            app, self, namespace=namespace, query_string=query_string, headers=headers, auth=auth,
            flask_test_client=flask_test_client,
        )  # fmt: skip

    # Handlers.

    def _handle_event(
        self, handler: Callable[..., Any], message: str | None, namespace: Any, sid: str, *args: Any
    ) -> Any:
        environ = self.server.get_environ(sid, namespace=namespace)
        if not environ:
            return "", 400
        app = environ["flask.app"]
        with app.request_context(environ):
            session = self._session(environ, sid, namespace)
            request: Any = flask.request
            request.sid, request.namespace = sid, namespace
            request.event = {"message": message, "args": args}
            try:
                if message == "connect":
                    auth = args[1] if len(args) > 1 else None
                    try:
                        result = handler(auth)
                    except TypeError:
                        result = handler()
                else:
                    result = handler(*args)
            except ConnectionRefusedError:
                raise
            except Exception as err:
                on_error = self.exception_handlers.get(namespace, self.default_exception_handler)
                if on_error is None:
                    raise
                return on_error(err)
            if self.manage_session:
                self._keep(environ, session, sid, namespace)
            elif getattr(session, "modified", True):
                app.session_interface.save_session(app, session, app.response_class())
            return result

    def _session(self, environ: Any, sid: str, namespace: str) -> Any:
        if not self.manage_session:
            return flask.session._get_current_object()  # type: ignore[attr-defined]
        if "saved_session" not in environ:
            kept = self._kept(sid, namespace)
            environ["saved_session"] = _ManagedSession(flask.session if kept is None else kept)
            environ["siohub.session"] = dict(environ["saved_session"])
        session = environ["saved_session"]
        context: Any = flask.globals.request_ctx._get_current_object()  # type: ignore[attr-defined]
        if hasattr(context, "_session"):
            context._session = session
        else:
            context.session = session
        return session

    def _kept(self, sid: str, namespace: str) -> Any:
        """The session that another process kept for the socket."""
        entry = self.server.mirror.find(sid, namespace)
        session = entry.session if entry is not None else None
        return session.get(_KEPT) if isinstance(session, dict) else None

    def _keep(self, environ: Any, session: Any, sid: str, namespace: str) -> None:
        """Lets a session that handlers have changed travel with the socket."""
        if environ.get("siohub.session") != session:
            environ["siohub.session"] = dict(session)
            user = self.server.get_session(sid, namespace) if self.server.mirror.find(sid, namespace) else None
            if isinstance(user, dict):
                user[_KEPT] = dict(session)


def _flask_json(app: Any) -> Any:
    """Flask's json, whose output depends on the application, with its context."""

    class WithContext:
        @staticmethod
        def dumps(*args: Any, **kwargs: Any) -> str:
            with app.app_context():
                return flask_json.dumps(*args, **kwargs)

        @staticmethod
        def loads(*args: Any, **kwargs: Any) -> Any:
            with app.app_context():
                return flask_json.loads(*args, **kwargs)

    return WithContext
