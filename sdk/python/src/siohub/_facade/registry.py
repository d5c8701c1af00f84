"""Which handler an event has, and which namespaces are served."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .namespaces import BaseServerNamespace


class Registry:
    """The part of a server where handlers are registered."""

    reserved_events = ["connect", "disconnect"]
    namespaces: Any
    handlers: dict[str, dict[str, Callable[..., Any]]]
    namespace_handlers: dict[str, Any]
    # Whether browsers are served. A server that only emits, in a script or a task queue, must let
    # nobody in: its connect handler may not even have been imported.
    _serves: bool
    _will_serve: bool  # once the application has started

    def is_asyncio_based(self) -> bool:
        """Whether handlers may be coroutines."""
        return False

    def on(self, event: str, handler: Callable[..., Any] | None = None, namespace: str | None = None) -> Any:
        """Registers the handler of an event, as a decorator where none is given. "*" stands for
        every event without a handler, and as namespace for every namespace without one."""
        name = namespace or "/"

        def set_handler(handler: Callable[..., Any]) -> Callable[..., Any]:
            fresh = name not in self.handlers
            self.handlers.setdefault(name, {})[event] = handler
            if fresh:
                self._registered()
            return handler

        if handler is None:
            return set_handler
        set_handler(handler)
        return None

    def event(self, *args: Any, **kwargs: Any) -> Any:
        """Decorator that registers a handler under the name of the function."""
        if len(args) == 1 and not kwargs and callable(args[0]):
            return self.on(args[0].__name__)(args[0])
        return lambda handler: self.on(handler.__name__, *args, **kwargs)(handler)

    def register_namespace(self, namespace_handler: Any) -> None:
        """Registers a Namespace, or AsyncNamespace, object. Raises ValueError for others."""
        if not isinstance(namespace_handler, BaseServerNamespace):
            raise ValueError("Not a namespace instance")
        if self.is_asyncio_based() != namespace_handler.is_asyncio_based():
            raise ValueError("Not a valid namespace class for this server")
        namespace_handler._set_server(self)
        self.namespace_handlers[namespace_handler.namespace] = namespace_handler
        self._registered()

    def _registered(self) -> None:
        """A namespace is new."""

    def _serve(self) -> None:
        """Browsers are to be served from now on."""
        if not self._serves:
            self._serves = True
            self._registered()

    def only_emits(self) -> bool:
        """Whether this process is a script, a task queue's or one that was forked. It may end at
        any time, without a word: what it emits has to be with the hub when the call returns."""
        return not (self._serves or self._will_serve)

    def served_namespaces(self) -> list[str]:
        """The namespaces that are accepted, as the hub takes them; none for who only emits."""
        return self.accepted_namespaces() if self._serves else []

    def accepted_namespaces(self) -> list[str]:
        """The namespaces that the application accepts, whether it serves browsers or not; "*" among
        them for all."""
        names: Iterable[str] = [*self.handlers, *self.namespace_handlers]
        served = {name for name in names if name != "*"}
        if self.namespaces == "*":
            served.add("*")
        else:
            served.update(name for name in self.namespaces if name != "*")
        return sorted(name if name.startswith("/") or name == "*" else "/" + name for name in served)

    def has_handlers(self, namespace: str) -> bool:
        """Whether the application said anything about a namespace."""
        return (
            namespace in self.handlers
            or namespace in self.namespace_handlers
            or (self.namespaces != ["/"] and namespace in self.namespaces)
        )

    def _get_event_handler(self, event: str, namespace: str, args: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
        of = self.handlers.get(namespace)
        if of is not None:
            handler = of.get(event)
            if handler is not None:
                return handler, args
            if "*" in of and event not in self.reserved_events:
                return of["*"], (event, *args)
        of = self.handlers.get("*")
        if of is not None:
            handler = of.get(event)
            if handler is not None:
                return handler, (namespace, *args)
            if "*" in of and event not in self.reserved_events:
                return of["*"], (event, namespace, *args)
        return None, args

    def _get_namespace_handler(self, namespace: str, args: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
        handler = self.namespace_handlers.get(namespace)
        if handler is None and "*" in self.namespace_handlers:
            return self.namespace_handlers["*"], (namespace, *args)
        return handler, args
