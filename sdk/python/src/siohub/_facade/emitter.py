"""Emits without a server: from task queues, scripts and forked processes."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from siohub._core import commands, native
from siohub._core.attachment import DEFAULT_ENVELOPE
from siohub._core.capabilities import unknown
from siohub._core.codec import encode, encode_with
from siohub._core.options import Options, split_hubs
from siohub._core.resolve import SCHEME
from siohub._core.status import safe_to_retry, status_error
from siohub._core.wire import Wire, dial
from siohub._pb import control_pb2
from siohub.errors import HubError, TooLarge, Unavailable

from .handover import run_in
from .mirror import room_name
from .wording import skipped

TRIES_FOR = 10.0  # seconds for which a hub that is away is tried again

_wires: dict[tuple[Any, ...], Wire] = {}  # by process, and by what they are made of; the options of a program are few


class Emitter:
    """Sends commands by single calls, each of which returns once the hub has carried it out.
    Safe for use by any thread or greenlet, and after a fork."""

    def __init__(self, options: Options | None = None, json: Any = None) -> None:
        self._options = options
        self._completed: Options | None = None
        self._encode = encode if json is None else encode_with(json.dumps)

    def emit(
        self, event: str, data: Any = None, *, room: Any = None, skip_sid: Any = None, namespace: str = "/"
    ) -> None:
        """Emits to a room, to several, or to everybody. Raises siohub.HubError."""
        self.execute(self._emit(event, data, room, skip_sid, namespace))

    async def aemit(
        self, event: str, data: Any = None, *, room: Any = None, skip_sid: Any = None, namespace: str = "/"
    ) -> None:
        """emit as a coroutine, on any loop."""
        await self.aexecute(self._emit(event, data, room, skip_sid, namespace))

    def enter_room(self, sid: str, room: Any, namespace: str = "/") -> None:
        """Puts a socket into a room."""
        self.execute(commands.update_rooms(commands.target(namespace, sockets=[sid]), [room_name(room)]))

    def leave_room(self, sid: str, room: Any, namespace: str = "/") -> None:
        """Takes a socket out of a room."""
        self.execute(commands.update_rooms(commands.target(namespace, sockets=[sid]), (), [room_name(room)]))

    def close_room(self, room: Any, namespace: str = "/") -> None:
        """Takes all sockets out of a room."""
        name = room_name(room)
        self.execute(commands.update_rooms(commands.target(namespace, rooms=[name]), (), [name]))

    def disconnect(self, sid: str, namespace: str = "/") -> None:
        """Disconnects a socket."""
        self.execute(commands.disconnect(commands.target(namespace, sockets=[sid])))

    def _emit(self, event: str, data: Any, room: Any, skip_sid: Any, namespace: str) -> Any:
        args = list(data) if isinstance(data, tuple) else [data] if data is not None else []
        payload = self._encode(args, "emit.payload.args")
        if payload.size > DEFAULT_ENVELOPE:  # no welcome says another limit here
            raise TooLarge(payload.size, DEFAULT_ENVELOPE, "emit.payload")
        skip = skipped(skip_sid)
        if not room:
            to = commands.target(namespace, all_=True, except_sockets=skip)
        else:
            rooms = room if isinstance(room, (list, tuple, set, frozenset)) else [room]
            to = commands.target(namespace, rooms=[room_name(r) for r in rooms], except_sockets=skip)
        return commands.emit(to, commands.check_event(event), payload)

    def execute(self, command: Any) -> Any:
        """Carries a command out and returns its hub.v1.Result."""
        return run_in(native.background(), lambda: self._execute(command))

    async def aexecute(self, command: Any) -> Any:
        """execute as a coroutine, on any loop."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._execute(command), native.background()))

    async def _execute(self, command: Any) -> Any:
        if self._completed is None:
            self._completed = (self._options or Options()).completed()
        options = self._completed
        addresses = [a.removeprefix(SCHEME) for a in split_hubs(options.hub)]
        token = options.token_source() if options.token_source is not None else options.token
        deadline = asyncio.get_running_loop().time() + TRIES_FOR
        pause = 0.05
        while True:
            failure: HubError = Unavailable("no hub can be reached")
            for address in addresses:
                try:
                    return await self._at(address, options, token, command)
                except HubError as err:
                    if not safe_to_retry(err):
                        raise
                    failure = err  # a wire connects anew by itself; others may have calls on it
            if asyncio.get_running_loop().time() + pause > deadline:
                raise failure
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)

    async def _at(self, address: str, options: Options, token: str, command: Any) -> Any:
        key = (os.getpid(), address, options.tls, options.max_envelope_bytes)
        wire = _wires.get(key)
        if wire is None:
            wire = _wires[key] = dial(address, tls=options.tls, max_bytes=options.max_envelope_bytes)
        request = control_pb2.ExecuteRequest(commands=[command])
        response = await wire.unary("Execute", request, control_pb2.ExecuteResponse.FromString, TRIES_FOR, token)
        result = response.results[0]
        error = status_error(result.status)
        if error is not None:
            raise unknown(error, command.DESCRIPTOR)
        return result
