"""Runs the handlers of AsyncServer, as tasks of the application's loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from siohub._core.work import Work, current
from siohub.errors import HubError, LeaseLost

from .exceptions import is_refusal
from .mirror import Entry
from .reasons import Reason

if TYPE_CHECKING:
    from .hosted import HostedServer


class AsyncRunner:
    """See dispatch.Runner."""

    def __init__(self, server: HostedServer) -> None:
        self.server = server
        self._tasks: set[asyncio.Task[Any]] = set()

    def _start(self, work: Work | None, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        current.set(work)  # the task takes a copy of the context
        task = self.server._host.core.loop.create_task(coroutine)
        current.set(None)
        return task

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def event(self, entry: Entry, work: Work, name: str, args: list[Any], then: Callable[[], None] | None) -> None:
        """One task for each event; the work keeps it."""
        loop = self.server._host.core.loop
        work.on_revoke = loop.create_task(self._event(entry, work, name, args, then)).cancel  # type: ignore[assignment]

    async def _event(
        self, entry: Entry, work: Work, name: str, args: list[Any], then: Callable[[], None] | None
    ) -> None:
        server = self.server
        current.set(work)  # in the task's own context
        reply: bytes | None = None
        try:
            result = await server._trigger_event(name, entry.namespace, entry.sid, *args)
            if entry.touched:
                server._save(entry)
            reply = server._reply(work, result)
        except asyncio.CancelledError:
            work.give_back("the process ends")  # or the hub took it back, and nothing is sent
        except LeaseLost as err:
            server.logger.debug('the handler of "%s" was given away: %s', name, err)
        except Exception as err:
            server.logger.exception('the handler of "%s" failed [%s]', name, entry.namespace)
            work.fail(f"{type(err).__name__}: {err}")
        except BaseException as err:  # sys.exit(): the loop ends by it
            work.give_back(f"the process ends: {type(err).__name__}")
            raise
        finally:
            work.finish(reply)
            if then is not None:
                then()

    def connect(self, entry: Entry, work: Work | None, auth: Any, then: Callable[[Any], None]) -> None:
        """A task that ends with the decision."""
        self._keep(self._start(work, self._connect(entry, auth, then)))

    async def _connect(self, entry: Entry, auth: Any, then: Callable[[Any], None]) -> None:
        server, namespace, sid = self.server, entry.namespace, entry.sid
        outcome: Any
        try:
            if auth:
                outcome = await server._trigger_event("connect", namespace, sid, entry.environ, auth)
            else:
                try:
                    outcome = await server._trigger_event("connect", namespace, sid, entry.environ, None)
                except TypeError as first:
                    try:  # the older signature
                        outcome = await server._trigger_event("connect", namespace, sid, entry.environ)
                    except TypeError:
                        raise first from None
        except asyncio.CancelledError:
            outcome = HubError("the process ends")
        except Exception as err:
            outcome = err
            if not is_refusal(err):
                server.logger.exception("the connect handler failed [%s]", namespace)
        then(outcome)

    def disconnect(self, entry: Entry, work: Work | None, reason: Reason, then: Callable[[], None]) -> None:
        """A task that ends when the handler has."""
        self._keep(self._start(work, self.disconnected(entry, reason, then)))

    async def disconnected(self, entry: Entry, reason: Reason, then: Callable[[], None]) -> None:
        """Runs the handler."""
        try:
            await self.server._trigger_event("disconnect", entry.namespace, entry.sid, reason)
        except asyncio.CancelledError:
            pass
        except Exception:
            self.server.logger.exception("the disconnect handler failed [%s]", entry.namespace)
        finally:
            then()
