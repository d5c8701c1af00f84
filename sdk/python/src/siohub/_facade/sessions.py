"""User sessions. They are objects of this process; what of them is JSON travels with the
socket, in its data at the hub, so that a session outlives a deploy."""

from __future__ import annotations

import json
from typing import Any

from .said import once

LIMIT = 60_000  # bytes, of the 64 KiB that a socket's data may have


def _key(group: str) -> str:
    return f"siohub.session:{group}"


def session_text(session: Any) -> str:
    """The part of a session that is JSON, as text; empty for none. Members that are not JSON
    stay in this process, which is said once."""
    if not isinstance(session, dict) or not session:
        return ""
    kept: dict[str, Any] = {}
    for key, value in session.items():
        if isinstance(key, str) and _is_json(value):
            kept[key] = value
        else:
            once(f"session {key!r}", "the session's %r is no JSON: it stays in this process", key)
    text = json.dumps(kept, separators=(",", ":")) if kept else ""
    if len(text) > LIMIT:
        once("session size", "a session of %d bytes is too large to travel: it stays in this process", len(text))
        return ""
    return text


def _is_json(value: Any, depth: int = 0) -> bool:
    if value is None or isinstance(value, (str, int, float, bool)):
        return value == value and value not in (float("inf"), float("-inf"))
    if depth > 64:
        return False
    if isinstance(value, (list, tuple)):
        return all(_is_json(item, depth + 1) for item in value)
    if type(value) is dict:
        return all(isinstance(k, str) and _is_json(v, depth + 1) for k, v in value.items())
    return False


def session_data(session: Any, group: str) -> tuple[bytes, str]:
    """The data of a socket that comes with this session, and the session's text."""
    text = session_text(session)
    return (patch(text, group) if text else b""), text


def patch(text: str, group: str) -> bytes:
    """A merge patch that keeps a session's text. As text it is replaced as a whole."""
    return json.dumps({_key(group): text or None}, separators=(",", ":")).encode()


def read_session(data: bytes, group: str) -> tuple[Any, str]:
    """The session in a socket's data, and its text."""
    if not data:
        return None, ""
    try:
        kept = json.loads(data)
        text = kept.get(_key(group)) if isinstance(kept, dict) else None
        return (json.loads(text), text) if isinstance(text, str) and text else (None, "")
    except ValueError:
        return None, ""
