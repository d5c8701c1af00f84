"""Runs the handlers of Server, in threads or greenlets."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from siohub._core.work import Work, current
from siohub.errors import LeaseLost

from .exceptions import is_refusal
from .executors import Executor
from .mirror import Entry
from .reasons import Reason

if TYPE_CHECKING:
    from .threaded import ThreadedServer


class ThreadRunner:
    """See dispatch.Runner. Outcomes go back to the core's loop."""

    def __init__(self, server: ThreadedServer, executor: Executor) -> None:
        self.server, self.executor = server, executor

    def _submit(self, work: Work | None, job: Callable[[], object]) -> None:
        def run() -> None:
            token = current.set(work)
            try:
                job()
            finally:
                current.reset(token)

        self.executor.submit(run)

    def event(self, entry: Entry, work: Work, name: str, args: list[Any], then: Callable[[], None] | None) -> None:
        """A job for each event."""
        self._submit(work, lambda: self._event(entry, work, name, args, then))

    def _event(self, entry: Entry, work: Work, name: str, args: list[Any], then: Callable[[], None] | None) -> None:
        server = self.server
        post = server._post
        data: bytes | None = None
        problem, given_back = "", False
        if work.cause is None:
            try:
                result = server._trigger_event(name, entry.namespace, entry.sid, *args)
                if entry.touched:
                    server._save(entry)
                data = server._reply(work, result)
            except LeaseLost as err:
                server.logger.debug('the handler of "%s" was given away: %s', name, err)
            except Exception as err:
                server.logger.exception('the handler of "%s" failed [%s]', name, entry.namespace)
                problem = f"{type(err).__name__}: {err}"
            except BaseException as err:  # sys.exit(), or a greenlet that was killed
                server.logger.error(
                    'the handler of "%s" was ended by %s [%s]', name, type(err).__name__, entry.namespace
                )
                problem, given_back = type(err).__name__, True

        def ended() -> None:
            if given_back:
                work.give_back(problem)
            elif problem:
                work.fail(problem)
            work.finish(data)
            if then is not None:
                then()

        post(ended)

    def connect(self, entry: Entry, work: Work | None, auth: Any, then: Callable[[Any], None]) -> None:
        """A job that ends with the decision."""
        self._submit(work, lambda: self._connect(entry, auth, then))

    def _connect(self, entry: Entry, auth: Any, then: Callable[[Any], None]) -> None:
        server, namespace, sid = self.server, entry.namespace, entry.sid
        outcome: Any
        try:
            if auth:
                outcome = server._trigger_event("connect", namespace, sid, entry.environ, auth)
            else:
                try:
                    outcome = server._trigger_event("connect", namespace, sid, entry.environ, None)
                except TypeError as first:
                    try:  # the older signature
                        outcome = server._trigger_event("connect", namespace, sid, entry.environ)
                    except TypeError:
                        raise first from None
        except BaseException as err:  # also sys.exit(), or a greenlet that was killed
            outcome = err
            if not is_refusal(err):
                server.logger.exception("the connect handler failed [%s]", namespace)
        server._post(lambda: then(outcome))

    def disconnect(self, entry: Entry, work: Work | None, reason: Reason, then: Callable[[], None]) -> None:
        """A job that ends when the handler has."""

        def job() -> None:
            try:
                self.disconnected(entry, reason)
            finally:
                self.server._post(then)

        self._submit(work, job)

    def disconnected(self, entry: Entry, reason: Reason) -> None:
        """Runs the handler."""
        try:
            self.server._trigger_event("disconnect", entry.namespace, entry.sid, reason)
        except Exception:
            self.server.logger.exception("the disconnect handler failed [%s]", entry.namespace)
