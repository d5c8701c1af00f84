"""TLS, client certificates and tokens, by both transports, at a real hub."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from conftest import Hub, hub_binary

import siohub
from siohub import TLS, Options
from siohub._facade.emitter import Emitter

PATIENCE = 30.0
SUBJECT = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")


def openssl(*args: str) -> None:
    subprocess.run(["openssl", *args], check=True, capture_output=True)


@dataclass
class Authority:
    """Makes certificates that it has signed."""

    folder: Path
    name: str

    def __post_init__(self) -> None:
        openssl("req", "-x509", *SUBJECT, "-subj", f"/CN={self.name}", "-keyout", self.key, "-out", self.cert)

    @property
    def cert(self) -> str:
        return str(self.folder / f"{self.name}.pem")

    @property
    def key(self) -> str:
        return str(self.folder / f"{self.name}.key")

    def sign(self, name: str, names: str) -> tuple[str, str]:
        stem = self.folder / f"{self.name}-{name}"
        cert, key, request, more = (str(stem.with_suffix(s)) for s in (".pem", ".key", ".csr", ".ext"))
        Path(more).write_text(f"subjectAltName={names}\n")
        openssl("req", "-new", *SUBJECT[:-2], "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self.key, "-CAcreateserial", "-days", "2",
                "-extfile", more, "-out", cert)  # fmt: skip
        return cert, key


@dataclass
class Place:
    """Authorities, and a hub whose certificate names hub.test."""

    ours: Authority
    theirs: Authority
    cert: tuple[str, str]
    token: str
    tokens: str
    folder: Path

    def hub(self, *args: str) -> Hub:
        return Hub(
            self.folder / "hub.log", "--control-tls-cert", self.cert[0], "--control-tls-key", self.cert[1], *args
        )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("tls")
    ours, theirs = Authority(folder, "ours"), Authority(folder, "theirs")
    said = subprocess.run([hub_binary(), "token", "new", "chat"], check=True, capture_output=True, text=True).stdout
    found = re.search(r"token\s+(\S+)\nline\s+(.+)", said)
    assert found is not None, said
    tokens = folder / "tokens"
    tokens.write_text(found[2] + "\n")
    tokens.chmod(0o600)
    return Place(ours, theirs, ours.sign("hub", "DNS:hub.test"), found[1], str(tokens), folder)


@pytest.fixture(params=["lean", "grpc"])
def transport(request: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("HUB_TRANSPORT", request.param)
    return str(request.param)


@pytest.fixture
def secured(place: Place) -> Iterator[Hub]:
    hub = place.hub()
    yield hub
    hub.close()


def errors(service: siohub.Service) -> list[BaseException]:
    """Of the hubs. grpc.aio has one of its own where it writes to a call that the hub has just
    refused: the kit tries again, and hears why."""
    return [h.error for h in service.hubs() if h.error is not None and "Internal error from Core" not in str(h.error)]


async def attach(hub: Hub, **options: Any) -> str:
    """Attaches a service, emits over it, and by a single call. Returns the error that it got; empty
    for none."""
    made = Options(hub=hub.address, backoff_min=0.05, backoff_max=0.1, **options)
    service = siohub.Service("chat", made)
    namespace = service.namespace("/").allow_anyone()
    running = asyncio.ensure_future(service.run())
    try:
        attached = asyncio.ensure_future(service.attached())
        async with asyncio.timeout(PATIENCE) if hasattr(asyncio, "timeout") else _Never():
            while not attached.done() and not running.done() and not errors(service):
                await asyncio.sleep(0.01)
        if not attached.done() or attached.exception() is not None:
            if not attached.cancel():
                await asyncio.wait({running})
            error = running.exception() if running.done() else errors(service)[0]
            assert error is not None
            return str(error)
        assert (await namespace.to("nobody").emit_result("all", 1)).matched == 0
        await Emitter(made).aexecute(_nothing())
        return ""
    finally:
        await service.close()
        await asyncio.wait({running})


class _Never:
    """Where asyncio has no timeout, the run's own ends the test."""

    async def __aenter__(self) -> None:
        pass

    async def __aexit__(self, *_: Any) -> None:
        pass


def _nothing() -> Any:
    from siohub._core import commands

    return commands.emit(commands.target("/", rooms=["nobody"]), "x", siohub.Payload(b"[]"))


async def test_a_hub_that_the_authority_vouches_for(place: Place, secured: Hub, transport: str) -> None:
    assert await attach(secured, tls=TLS(place.ours.cert, server_name="hub.test")) == ""


async def test_the_environment_says_the_same(place: Place, secured: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_TLS_CA", place.ours.cert)
    monkeypatch.setenv("HUB_TLS_SERVER_NAME", "hub.test")
    assert await attach(secured) == ""


async def test_another_authority(place: Place, secured: Hub, transport: str) -> None:
    error = await attach(secured, tls=TLS(place.theirs.cert, server_name="hub.test"))
    assert "UNAVAILABLE" in error and (transport == "grpc" or "certificate verify failed" in error)


async def test_another_name(place: Place, secured: Hub, transport: str) -> None:
    error = await attach(secured, tls=TLS(place.ours.cert, server_name="other.test"))
    assert "UNAVAILABLE" in error and (transport == "grpc" or "other.test" in error)
    error = await attach(secured, tls=TLS(place.ours.cert))
    assert "UNAVAILABLE" in error and (transport == "grpc" or "127.0.0.1" in error)


async def test_tls_to_who_has_none_and_the_other_way_round(
    place: Place, secured: Hub, hub: Hub, transport: str
) -> None:
    assert "UNAVAILABLE" in await attach(hub, tls=TLS(place.ours.cert))
    assert "UNAVAILABLE" in await attach(secured)


async def test_a_client_certificate(place: Place, transport: str) -> None:
    hub = place.hub("--control-tls-client-ca", place.ours.cert)
    tls = TLS(place.ours.cert, server_name="hub.test")
    try:
        for authority, welcome in ((place.ours, True), (place.theirs, False)):
            cert, key = authority.sign("service", "DNS:chat")
            error = await attach(hub, tls=replace(tls, cert=cert, key=key))
            assert (error == "") is welcome, error
        error = await attach(hub, tls=tls)
        assert "UNAVAILABLE" in error or "certificate" in error
    finally:
        hub.close()


async def test_a_token(place: Place, transport: str) -> None:
    hub = place.hub("--control-tokens-file", place.tokens)
    tls = TLS(place.ours.cert, server_name="hub.test")
    try:
        assert await attach(hub, tls=tls, token=place.token) == ""
        assert "TOKEN_WRONG" in await attach(hub, tls=tls, token=place.token[::-1])
        assert "TOKEN_MISSING" in await attach(hub, tls=tls)
    finally:
        hub.close()


async def test_single_calls_show_the_token_that_the_file_has_by_now(place: Place, tmp_path: Path) -> None:
    hub = place.hub("--control-tokens-file", place.tokens)
    file = tmp_path / "token"
    emitter = Emitter(
        Options(hub=hub.address, tls=TLS(place.ours.cert, server_name="hub.test"), token_source=file.read_text)
    )
    try:
        file.write_text(place.token[::-1])
        with pytest.raises(siohub.StatusError, match="TOKEN_WRONG"):
            await emitter.aexecute(_nothing())
        file.write_text(place.token)
        await emitter.aexecute(_nothing())
        hub.close()
        hub = hub.again()
        await asyncio.gather(*(emitter.aexecute(_nothing()) for _ in range(20)))
    finally:
        hub.close()


def test_files_that_cannot_be_used_are_named(place: Place, tmp_path: Path) -> None:
    junk = tmp_path / "junk.pem"
    junk.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    for tls, field in (
        (TLS(ca=str(junk)), "HUB_TLS_CA"),
        (TLS(cert=place.ours.cert, key=place.theirs.key), "HUB_TLS_CERT"),
        (TLS(cert=str(junk), key=place.ours.key), "HUB_TLS_CERT"),
    ):
        with pytest.raises(siohub.ConfigError) as wrong:
            tls.check()
        assert wrong.value.field == field
