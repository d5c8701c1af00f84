"""python-socketio's server side over a hub: `import siohub.socketio as socketio`.

Clients are not here: they are python-socketio's own, and connect to the hub."""

from __future__ import annotations

from siohub._facade.apps import ASGIApp, Middleware, WSGIApp
from siohub._facade.aserver import AsyncServer
from siohub._facade.managers import (
    AsyncAioPikaManager,
    AsyncManager,
    AsyncPubSubManager,
    AsyncRedisManager,
    BaseManager,
    KafkaManager,
    KombuManager,
    Manager,
    PubSubManager,
    RedisManager,
    ZmqManager,
)
from siohub._facade.namespaces import AsyncNamespace, Namespace
from siohub._facade.server import Server

from . import exceptions

__all__ = [
    "ASGIApp", "AsyncAioPikaManager", "AsyncManager", "AsyncNamespace", "AsyncPubSubManager", "AsyncRedisManager",
    "AsyncServer", "BaseManager", "KafkaManager", "KombuManager", "Manager", "Middleware", "Namespace",
    "PubSubManager", "RedisManager", "Server", "WSGIApp", "ZmqManager", "exceptions",
]  # fmt: skip


def __getattr__(name: str) -> object:
    """Clients and simple clients are python-socketio's, where it is installed."""
    if name in (
        "Client",
        "SimpleClient",
        "AsyncClient",
        "AsyncSimpleClient",
        "ClientNamespace",
        "AsyncClientNamespace",
    ):
        import importlib

        return getattr(importlib.import_module("socketio"), name)
    if name == "get_tornado_handler":
        raise AttributeError("get_tornado_handler: browsers are the hub's; `await server.start()` attaches to it")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
