"""Commands of a service that belong to no namespace."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from siohub._core import commands
from siohub._core.line import Line
from siohub._core.options import Options
from siohub._core.runner import Core
from siohub._core.status import status_error
from siohub.errors import AckTimeout, Closed, SocketGone, StatusError, Unavailable

from .answers import Answer, Answers, EmitResult
from .target import result_of
from .values import encode_args, payload_of


class Calls:
    """The part of Service that asks other services, and gives acknowledgements that were left open."""

    options: Options
    _core: Core | None
    _ended: bool

    async def revoke(self, *, users: Iterable[str] = (), sockets: Iterable[str] = ()) -> EmitResult:
        """Closes the connections of users or sockets at once; their clients come back to be decided
        upon anew."""
        last, _ = await self._line().do(commands.revoke(users, sockets))
        return result_of(last)

    async def call(
        self, namespace: str, name: str, *args: Any, group: str = "", timeout: float | None = None, key: str = ""
    ) -> Answers:
        """Calls each process of a service (of all, without group) that answers calls in the
        namespace, but this one, and waits for the answers. Raises AckTimeout, with `answers` as
        an attribute, when some did not come in time; that nobody is called is no error."""
        command = commands.call(
            group, namespace, name, encode_args(args, "call.payload.args"), self._ack_timeout(timeout), key
        )
        last, parts = await self._line().do(command)
        if not last.HasField("call_total"):
            raise status_error(last.status) or SocketGone("nobody was called")
        total = last.call_total
        answers = Answers(
            total.expected_count, total.answered_count, total.failed_count, total.timed_out_count,
            [_answer(a) for a in (*(p.call_answer for p in parts), *total.answers)], tuple(last.missing_hub_ids),
        )  # fmt: skip
        if answers.timed_out:
            err = AckTimeout(f"{answers.timed_out} of {answers.expected} did not answer in time")
            err.answers = answers  # type: ignore[attr-defined]
            raise err
        return answers

    async def tell(self, namespace: str, name: str, *args: Any, group: str = "", key: str = "") -> EmitResult:
        """call that waits for no answers; the result says how many were called."""
        last, _ = await self._line().do(
            commands.call(group, namespace, name, encode_args(args, "call.payload.args"), None, key)
        )
        return result_of(last)

    async def acknowledge(self, dedupe_id: bytes, *args: Any) -> None:
        """Runs the callback of a browser whose event was settled with Event.ack_later by this or
        another process of the service. Raises SocketGone when there is none any more,
        Unavailable when the hub that keeps it may be away."""
        line = self._line()
        await line.wait_home(self.options.command_timeout)
        for att in list(line.open):
            try:
                await self._acknowledge(dedupe_id, att.peer.hub_id, args)
                return
            except SocketGone:
                continue
        if self._core is not None and self._core.hubs.incomplete():
            raise Unavailable("not all hubs are there")
        raise SocketGone("no acknowledgement is open")

    async def _acknowledge(self, dedupe_id: bytes, hub_id: str, args: tuple[Any, ...]) -> None:
        line, payload = self._line(), encode_args(args, "acknowledge.payload.args")
        await line.wait_home(self.options.command_timeout)
        assert self._core is not None
        att, known = self._core.hubs.attachment(hub_id)
        if att is None:
            raise Unavailable("not all hubs are there") if known else SocketGone("its hub is lost")
        try:
            if await line.do_at(att, None, commands.acknowledge(dedupe_id, payload)) is None:
                raise Unavailable("the hub is away")
        except StatusError as err:
            if err.code == "NOT_FOUND":
                raise SocketGone(str(err)) from None
            raise

    def _line(self) -> Line:
        if self._core is None:
            if self._ended:
                raise Closed("the service has closed")
            raise Unavailable("the service does not run yet: begin run(), and await attached()")
        return self._core.line

    def _ack_timeout(self, timeout: float | None) -> float:
        return self.options.ack_timeout if timeout is None else timeout


def _answer(answer: Any) -> Answer:
    return Answer(answer.group, answer.instance_id, payload_of(answer.payload), status_error(answer.status))
