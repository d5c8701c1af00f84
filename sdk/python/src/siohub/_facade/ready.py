"""When a program without an event loop has started: a server that attached while modules are
still imported would let browsers in before their connect handler is registered."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Any

PAUSE, CALM, PATIENCE = 0.05, 0.3, 600.0  # seconds


class ReadyWatch:
    """Calls once the module that made it has been imported. The main module never has: there it
    waits until it stands still in one line, which is no import. A program that runs another one,
    as `coverage run` does, makes two of them."""

    def __init__(self, ready: Callable[[], None]) -> None:
        self._ready = ready
        self._thread = threading.get_ident()
        self._frames = [f for f in _frames_of(sys._getframe()) if f.f_code.co_name == "<module>"]
        self.done = False
        from siohub._core import native

        native.start_thread(self._watch)

    def _watch(self) -> None:
        from siohub._core import native

        sleep = native.original("time", "sleep")
        lines: list[int] = []
        since, until = time.monotonic(), time.monotonic() + PATIENCE
        while not self.done and time.monotonic() < until:
            sleep(PAUSE)
            running = {id(f) for t in list(sys._current_frames().values()) for f in _frames_of(t)}
            active = [f for f in self._frames if id(f) in running]
            mains = [f for f in active if f.f_globals.get("__name__") == "__main__"]
            if len(mains) < len(active) or _imports(sys._current_frames().values()):
                since = time.monotonic()
                continue
            if mains and [f.f_lineno for f in mains] != lines:
                lines, since = [f.f_lineno for f in mains], time.monotonic()
            if not mains or time.monotonic() - since >= CALM:
                break
        if not self.done:
            self.done = True
            self._frames.clear()
            self._ready()


def _frames_of(frame: Any) -> list[Any]:
    frames = []
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    return frames


_OTHERS = ("alembic", "celery", "dramatiq", "huey_consumer", "pytest", "py.test", "rq", "rqworker", "sphinx-build")


def is_server(argv: list[str] | None = None) -> bool:
    """Whether this process is going to serve: a task queue or a command line that imports the
    application is not, and only emits."""
    import os

    argv = sys.argv if argv is None else argv
    name = os.path.basename(argv[0]) if argv and argv[0] else ""
    name = os.path.basename(os.path.dirname(argv[0])) if name == "__main__.py" else name.removesuffix(".py")
    if name == "flask" and "run" not in argv[1:]:
        return False
    return name not in _OTHERS


def is_preload() -> bool:
    """Whether gunicorn's master imports the application (--preload): its workers are to serve."""
    files = [f.f_code.co_filename.replace("\\", "/") for f in _frames_of(sys._getframe())]
    return any(f.endswith("gunicorn/arbiter.py") for f in files) and not any("gunicorn/workers/" in f for f in files)


def is_importing() -> bool:
    """Whether a thread of this process imports a module."""
    return _imports(sys._current_frames().values())


def _imports(frames: Any) -> bool:
    return any(f.f_code.co_filename.startswith("<frozen importlib") for top in list(frames) for f in _frames_of(top))
