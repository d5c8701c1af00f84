"""Threads, locks and a loop that gevent and eventlet have not touched.

Monkey patching puts greenlets in the place of threads and waits of theirs in the place of
system calls. gRPC can do with neither: its threads have to be threads. So the core of a
process with greenlets runs on one real thread, with a loop of its own, and hands over to the
greenlets what is theirs (see _facade/handover.py).
"""

from __future__ import annotations

import _socket
import asyncio
import importlib
import os
import select
import selectors
import sys
import threading
import types
from collections.abc import Callable
from typing import Any


def patched() -> str:
    """Who has patched threads or sockets: "gevent" or "eventlet", or "" where nobody has."""
    # A module that another thread is importing at this moment has no such function yet, and has patched nothing.
    gevent: Any = getattr(sys.modules.get("gevent.monkey"), "is_module_patched", None)
    if gevent is not None and (gevent("threading") or gevent("socket")):
        return "gevent"
    eventlet: Any = getattr(sys.modules.get("eventlet.patcher"), "is_monkey_patched", None)
    if eventlet is not None and (eventlet("thread") or eventlet("socket")):
        return "eventlet"
    return ""


def original(module: str, name: str) -> Any:
    """What a module had under a name before it was patched."""
    how = patched()
    if how == "gevent":
        return importlib.import_module("gevent.monkey").get_original(module, name)
    if how == "eventlet":
        return getattr(importlib.import_module("eventlet.patcher").original(module), name)
    return getattr(importlib.import_module(module), name)


def start_thread(target: Callable[[], object]) -> int:
    """Starts a real thread, which does not keep the process alive. Returns its id."""
    return original("_thread", "start_new_thread")(target, ())  # type: ignore[no-any-return]


def allocate_lock() -> Any:
    """A real lock."""
    return original("_thread", "allocate_lock")()


class _Thread:
    """As much of threading.Thread as gRPC uses."""

    def __init__(self, group: Any = None, target: Any = None, name: Any = None, args: Any = (), kwargs: Any = None,
                 *, daemon: Any = None) -> None:  # fmt: skip
        self.name, self.daemon = name, True
        self.ident: int | None = None
        self._call: Callable[[], Any] = lambda: target(*args, **(kwargs or {}))
        self._ended = allocate_lock()

    def start(self) -> None:
        """Starts it."""
        self._ended.acquire()

        def run() -> None:
            try:
                self._call()
            finally:
                self._ended.release()

        self.ident = start_thread(run)

    def join(self, timeout: float | None = None) -> None:
        """Waits for its end."""
        if self._ended.acquire(timeout=-1 if timeout is None else timeout):
            self._ended.release()

    def is_alive(self) -> bool:
        """Whether it runs."""
        return bool(self._ended.locked())


def prepare_grpc() -> None:
    """Gives gRPC real threads and sockets, if somebody has patched them."""
    if not patched():
        return
    cygrpc: Any = importlib.import_module("grpc._cython.cygrpc")
    if isinstance(getattr(cygrpc, "threading", None), types.SimpleNamespace):
        return
    real = dict(vars(threading))
    real.update(Thread=_Thread, Lock=original("_thread", "allocate_lock"), RLock=original("_thread", "RLock"))
    cygrpc.threading = types.SimpleNamespace(**real)
    cygrpc.socket = types.SimpleNamespace(socketpair=_socket.socketpair, socket=_socket.socket)


class _Selector(selectors._BaseSelectorImpl):
    """select.epoll, or select.poll, as it was."""

    def __init__(self) -> None:
        super().__init__()
        self._epoll = original("select", "epoll")()

    def register(self, fileobj: Any, events: int, data: Any = None) -> Any:
        key = super().register(fileobj, events, data)
        self._epoll.register(key.fd, _mask(events))
        return key

    def unregister(self, fileobj: Any) -> Any:
        key = super().unregister(fileobj)
        try:
            self._epoll.unregister(key.fd)
        except OSError:
            pass  # closed before
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> Any:
        key = super().unregister(fileobj)
        key = super().register(fileobj, events, data)
        self._epoll.modify(key.fd, _mask(events))
        return key

    def select(self, timeout: float | None = None) -> Any:
        wait = -1 if timeout is None else max(timeout, 0)
        ready = []
        keys: Any = self._fd_to_key  # type: ignore[attr-defined]
        for fd, event in self._epoll.poll(wait, max(len(keys), 1)):
            key = keys.get(fd)
            if key is not None:
                events = (event & ~_IN and selectors.EVENT_WRITE) | (event & ~_OUT and selectors.EVENT_READ)
                ready.append((key, events & key.events))
        return ready

    def close(self) -> None:
        self._epoll.close()
        super().close()


_IN, _OUT = 1, 4  # EPOLLIN, EPOLLOUT; a process that is patched may have no names for them


def _mask(events: int) -> int:
    return (_IN if events & selectors.EVENT_READ else 0) | (_OUT if events & selectors.EVENT_WRITE else 0)


class _Loop(asyncio.SelectorEventLoop):
    """A loop over real system calls."""

    def _make_self_pipe(self) -> None:
        self._ssock, self._csock = _socket.socketpair()
        self._ssock.setblocking(False)
        self._csock.setblocking(False)
        self._internal_fds = 1
        self._add_reader(self._ssock.fileno(), self._read_from_self)  # type: ignore[attr-defined]


def new_loop() -> asyncio.AbstractEventLoop:
    """A loop for a real thread."""
    return _Loop(_Selector()) if patched() else asyncio.new_event_loop()


async def connect(loop: asyncio.AbstractEventLoop, host: str, port: int) -> Any:
    """A connected real socket, where those of the module `socket` are none."""
    last: OSError = OSError(f"{host} has no address")
    for family, kind, proto, _, address in _socket.getaddrinfo(host, port, 0, _socket.SOCK_STREAM):
        sock = _RealSocket(family, kind, proto)
        try:
            sock.setblocking(False)
            await loop.sock_connect(sock, address)  # type: ignore[arg-type]
            return sock
        except OSError as err:
            sock.close()
            last = err
    raise last


class _RealSocket(_socket.socket):
    """What asyncio asks of a socket beside system calls."""

    def __repr__(self) -> str:
        return f"<real socket {self.fileno()}>"


_background: tuple[int, asyncio.AbstractEventLoop] | None = None
_starting = threading.Lock() if not patched() else allocate_lock()


def background() -> asyncio.AbstractEventLoop:
    """The loop of this process's own thread, which is started with the first call, and anew
    in a process that was forked."""
    global _background
    with _starting:
        if _background is None or _background[0] != os.getpid():
            prepare_grpc()
            loop = new_loop()
            start_thread(lambda: _run(loop))
            _background = (os.getpid(), loop)
        return _background[1]


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()


def _after_fork() -> None:
    global _background, _starting
    _background = None
    _starting = allocate_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)

__all__ = ["allocate_lock", "background", "original", "patched", "prepare_grpc", "select", "start_thread"]
