"""Options of the reference that are the hub's here: accepted, and said once."""

from __future__ import annotations

import logging
from typing import Any

log = logging.getLogger("siohub")

HUB_OPTIONS = {
    "ping_interval": "ping_interval",
    "ping_timeout": "ping_timeout",
    "max_http_buffer_size": "max_payload",
    "allow_upgrades": "allow_upgrades",
    "http_compression": "http_compression.enabled",
    "compression_threshold": "http_compression.threshold",
    "cookie": "cookie.name",
    "cors_allowed_origins": "cors.origins",
    "cors_credentials": "cors.credentials",
    "transports": "transports",
    "serializer": "parser",
    "path": "path",
    "resource": "path",
    "socketio_path": "path",
}
NOTHING = {
    "monitor_clients": "the hub always looks after browsers that have gone",
    "engineio_logger": "the hub has a log of its own",
    "client_manager": "the hub brings the processes together; nothing is sent to the message queue",
    "message_queue": "the hub brings the processes together; nothing is sent to the message queue",
}

MAX_SAID = 1024  # keys may be made of what browsers send
_said: set[str] = set()


def say(option: str, value: Any) -> None:
    """Says, once in a process, where an option is set by now."""
    if option in _said:
        return
    _said.add(option)
    if option in HUB_OPTIONS:
        log.warning(
            "%s=%r has no effect here: browsers are the hub's, set its option %s", option, value, HUB_OPTIONS[option]
        )
    else:
        log.warning("%s has no effect here: %s", option, NOTHING.get(option, "there is no such thing with a hub"))


def once(key: str, text: str, *args: Any, level: int = logging.WARNING) -> None:
    """Logs something once in a process."""
    if key not in _said and len(_said) < MAX_SAID:
        _said.add(key)
        log.log(level, text, *args)
