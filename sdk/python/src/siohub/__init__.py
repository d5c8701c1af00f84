"""Socket.IO for Python application services: browsers are connected to a hub, a small server of
its own, and stay connected while this process is restarted.

- `import siohub.socketio as socketio` in the place of python-socketio's server side: AsyncServer,
  Server, ASGIApp, WSGIApp, AsyncNamespace, ...
- `siohub.flask_socketio` in the place of Flask-SocketIO.
- `siohub.Service`, the kit's own API, with everything that only the hub gives.
- `siohub.testing`, a hub for tests.

The hub is found by HUB_ADDRESS, 127.0.0.1:7420 without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siohub._pb.capabilities import CAPABILITIES
from siohub.errors import *  # noqa: F403
from siohub.service import *  # noqa: F403

if TYPE_CHECKING:
    from siohub._facade.aserver import AsyncServer
    from siohub._facade.server import Server

# MINOR is the number of capabilities of the contract that this version knows: see README.md.
__version__ = "0.1.0"

_LATER = {"AsyncServer": "siohub._facade.aserver", "Server": "siohub._facade.server"}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        import importlib

        return getattr(importlib.import_module(_LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["CAPABILITIES", "AsyncServer", "Server", "__version__"]
