"""Keeps this process attached to the hub at one address, whichever it is at the moment."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from siohub.errors import Closed, ConfigError, LeaseLost, StatusError, Superseded

from .attachment import Attachment
from .backoff import Backoff
from .greet import Alias, NotResumed, SubscriptionRefused, attach
from .hubs import NeedsAnew
from .stream import Stream
from .wire import browser_port

if TYPE_CHECKING:
    from .runner import Core

RECHECK = 30.0  # how often a link looks whether the hub at its address is one that another leads to
_FINAL = ("INVALID_ARGUMENT", "FAILED_PRECONDITION", "PERMISSION_DENIED", "UNIMPLEMENTED", "UNAUTHENTICATED")
_RESUMABLE = ("UNAVAILABLE", "UNKNOWN", "CANCELLED", "DEADLINE_EXCEEDED", "UNAUTHENTICATED")


@dataclass(frozen=True)
class Place:
    """Where a link dials."""

    address: str
    server_name: str = ""  # what the certificate names, of an address that a name resolved to
    hub: str = ""  # id of the hub that was told to be there
    name: str = ""  # the NAME:PORT whose address it is


@dataclass
class HubStatus:
    """What this process knows of a hub, or of an address at which there may be one."""

    address: str
    hub_id: str = ""
    attached: bool = False
    home: bool = False
    error: BaseException | None = None


class Link:
    """It has a backoff, a credential and an attachment of its own."""

    def __init__(self, core: Core, place: Place) -> None:
        self.core, self.place, self.address = core, place, place.address
        self.wanted = True
        self.stir = asyncio.Event()
        self.again = Backoff(core.options.backoff_min, core.options.backoff_max)
        self.att: Attachment | None = None  # the last one, while it may be taken up
        self.last = ""  # id of the hub to which it was attached last
        self.expected = place.hub  # id of the hub that is believed to be there
        self.refused_token: str | None = None
        self.shown_token = ""
        self.status = HubStatus(place.address, place.hub)
        self._freed: asyncio.Event | None = None
        self._text = ""  # of the last error that was logged
        self._warned = False  # the log says that there is no hub here, and not yet that there is one
        self.stream: Stream | None = None
        self._renews = False  # the stream was broken from this side, to say hello again

    def want(self, wanted: bool) -> None:
        """Whether anybody looks for a hub at the address."""
        if self.wanted != wanted:
            self.wanted = wanted
            self.stir.set()

    async def serve(self) -> BaseException | None:
        """Attaches again and again until the core closes, nobody looks for a hub at the
        address, or the run may not go on, whose error it returns."""
        core = self.core
        try:
            while True:
                if not self.wanted:
                    self.drop(LeaseLost("nobody looks for a hub at its address"))
                    return None
                err = await self._serve_once()
                final = False
                if core.closing.is_set() and not (self.att is not None and self.att.ended is None and self.att.busy()):
                    return None
                if core.closing.is_set():
                    pass
                elif isinstance(err, Alias):
                    core.accepted(self)
                elif isinstance(err, Superseded) and not core.may_meet(self.last):
                    return err
                elif err is not None and self._is_final(err):
                    final = True
                    if core.refused(self, err):
                        return err
                else:
                    core.accepted(self)
                    core.unreachable(self)
                if self.wanted:
                    await self._wait(err, final)
        finally:
            self.drop(Closed("closed"))

    def renew(self) -> None:
        """Says hello again, with what the program asks for by now; what is in hand goes on."""
        if self.stream is not None:
            self._renews, self.again.attempt = True, 0
            self.stream.call.cancel()

    def drop(self, cause: BaseException) -> None:
        """Ends the last attachment, if there is one."""
        if self.att is not None:
            self.att.end(cause)
            self.att = None
            self.core.nudge()

    async def _serve_once(self) -> BaseException | None:
        core = self.core
        if self.att is not None and not self.att.wake():
            self.drop(LeaseLost("the stream was away for too long"))
        resume = self.att
        if resume is None and core.closing.is_set():
            return None
        self._freed = core.hubs.freed
        try:
            stream = await attach(self, resume)
        except (StatusError, ConfigError, Alias, NotResumed, NeedsAnew, SubscriptionRefused, Closed, OSError) as err:
            return self._not_attached(err)
        try:
            hub = stream.att.peer.hub_id
            level = logging.WARNING if self._warned else logging.INFO
            self._warned = False
            core.log.log(
                level, "attached to hub %s at %s%s", hub, self.address, ", resumed" if resume is stream.att else ""
            )
            core.accepted(self)
            self.last = self.expected = hub
            self._text = ""
            self.status.hub_id, self.status.attached, self.status.error = hub, True, None
            core.was_attached(hub)
            began = core.loop.time()
            self.stream = stream
            err2 = await stream.serve()
            self.stream = None
            if core.loop.time() - began >= stream.heartbeat:
                self.again.attempt = 0
            return self._ended(stream, err2)
        finally:
            await stream.wire.close()

    def _ended(self, stream: Stream, err: BaseException | None) -> BaseException | None:
        """Decides what becomes of the attachment."""
        att = stream.att
        self.status.attached, self.status.error = False, err
        code = getattr(err, "code", "UNKNOWN")
        resumable = err is not None and not isinstance(err, Superseded) and code in _RESUMABLE and bool(att.id)
        if resumable and att.ended is None:
            att.suspend()  # before anybody may take the hub for lost
        replaced = self.core.hubs.ended(self, att.peer)
        self.core.program.detached(att.peer.hub_id, err)
        if replaced:
            self.drop(LeaseLost("the hub gave the attachment up for another link's"))
            return Alias()
        if not resumable:
            self.drop(Closed("closed") if self.core.closing.is_set() else LeaseLost("the attachment has ended"))
        return err

    def _not_attached(self, err: BaseException) -> BaseException:
        if isinstance(err, (NotResumed, Alias)):
            self.drop(LeaseLost("the address does not lead to that hub any more"))
            return err
        if isinstance(err, NeedsAnew):
            self.again.attempt = 0
        if self.att is not None:
            self.att.suspend()
        err = browser_port(self.address, err)
        self.status.error = err
        return err

    def _is_final(self, err: BaseException) -> bool:
        if isinstance(err, (ConfigError, SubscriptionRefused)):
            return not self.core.ever_attached
        if not isinstance(err, StatusError) or err.code not in _FINAL:
            return False
        if err.code == "UNAUTHENTICATED" and self.core.options.token_source is not None:
            self.refused_token = self.shown_token
            return False
        return True

    async def _wait(self, err: BaseException | None, final: bool) -> None:
        delay, freed = self.again.next(), None
        if isinstance(err, Alias):
            delay, freed = RECHECK, self._freed
        elif final:
            delay = self.core.options.backoff_max
        self._complain(err, final, delay)
        self.stir.clear()
        waits = [self.core.spawn(self.stir.wait())]
        if freed is not None:
            waits.append(self.core.spawn(freed.wait()))
        if not self.core.closing.is_set():  # else handlers still have something to say on a resumed stream
            waits.append(self.core.spawn(self.core.closing.wait()))
        try:
            await asyncio.wait(waits, timeout=delay, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()

    def _complain(self, err: BaseException | None, final: bool, delay: float) -> None:
        """Logs why there is no stream, once for each reason."""
        if self._renews:
            self._renews = False
            return
        if err is None or str(err) == self._text:
            return
        self._text = str(err)
        log = self.core.log
        if isinstance(err, Alias):
            log.debug("%s is another address of a hub that is attached", self.address)
            return
        self._warned = True
        if final:
            log.error("the hub at %s refuses this process: %s", self.address, err)
        else:
            log.warning("no hub at %s: %s; next try in %.1f s", self.address, err, delay)
