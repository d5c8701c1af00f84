"""Versions, and hubs that are older or newer than the kit."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import HERE, Hub

import siohub
import siohub.socketio as socketio
from siohub import testing
from siohub._core import capabilities, commands
from siohub._pb import attach_pb2, command_pb2, settlement_pb2
from siohub._pb.capabilities import CAPABILITIES, NEEDED_BY

ROOT = HERE.parent
sys.path.insert(0, str(ROOT))
import contract_capabilities as contract


def test_the_version_counts_the_capabilities_that_the_package_states() -> None:
    stated = re.search(
        r"^\[tool\.siohub\]\n(?:#.*\n)*capabilities = \[(.*)\]$", (ROOT / "pyproject.toml").read_text(), re.M
    )
    assert stated is not None
    names = tuple(re.findall(r'"([a-z.]+)"', stated[1]))
    assert tuple(sorted(names)) == CAPABILITIES, "state what the contract has in pyproject.toml, and raise MINOR"
    assert siohub.CAPABILITIES == CAPABILITIES
    assert siohub.__version__.split(".")[1] == str(len(CAPABILITIES)), "MINOR is how many capabilities there are"


def test_what_was_generated_is_the_contract() -> None:
    protos = ROOT.parents[1] / "proto" / "hub" / "v1"
    assert protos.exists() and contract.read_all(protos) == (CAPABILITIES, NEEDED_BY), "run generate.sh"


PROTO = """
// Some of it needs `recovery`; there is the capability
// `a.b` as well.
message Emit {
  // The first. Needs the
  // capability `x.y`.
  repeated string local = 7;
  oneof op {
    // Needs the capability `z`.
    Call call = 14;
  }
  string old = 1;
}
// Without capability `recovery` nothing.
enum Mode {
  // Needs the capability `z`.
  MODE_NEW = 3;
}
"""


def test_the_comments_are_read() -> None:
    named, needed = contract.read(PROTO)
    assert named == {"a.b", "x.y", "z", "recovery"}
    assert needed == {"Emit.local": "x.y", "Emit.call": "z", "Mode.MODE_NEW": "z"}


def test_a_field_that_the_hub_does_not_know_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NEEDED_BY, "Emit.volatile", "x.y")
    volatile = command_pb2.Emit.DESCRIPTOR.fields_by_name["volatile"].number

    def error(field: str, root: Any) -> Any:
        return capabilities.unknown(siohub.StatusError("UNIMPLEMENTED", "UNKNOWN_FIELD", "", field), root.DESCRIPTOR)

    older = error(f"emit.{volatile}", command_pb2.Command)
    assert isinstance(older, siohub.MissingCapability) and (older.capability, older.field) == ("x.y", "emit.volatile")
    assert "'x.y'" in str(older)
    nested = error(f"commands[1].emit.{volatile}", settlement_pb2.Settlement)
    assert (nested.capability, nested.field) == ("x.y", "commands[1].emit.volatile")
    nameless = error("emit.ack.999", command_pb2.Command)
    assert (nameless.capability, nameless.field) == ("", "emit.ack.999") and "older" in str(nameless)
    other = siohub.StatusError("NOT_FOUND", "UNKNOWN_GROUP", "", "1")
    assert capabilities.unknown(other, attach_pb2.Hello.DESCRIPTOR) is other


async def test_a_program_that_needs_what_an_older_hub_lacks() -> None:
    async with testing.Hub(capabilities=()) as hub:
        options = replace(hub.options, required_capabilities=("recovery",))
        server = socketio.AsyncServer(options=options)
        with pytest.raises(siohub.MissingCapability, match="recovery") as missing:
            await asyncio.wait_for(server.start(), 5)
        assert missing.value.capability == "recovery" and missing.value.reason == "UNKNOWN_CAPABILITY"
        await server.shutdown()
        service = siohub.Service("test", options)
        service.namespace("/").allow_anyone()
        with pytest.raises(siohub.MissingCapability) as missing:
            await asyncio.wait_for(service.run(), 5)
        assert missing.value.capability == "recovery"
        assert hub.streams == 0


async def test_a_newer_hub_is_used_as_far_as_it_is_known(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "siohub")
    async with testing.Hub(capabilities=(*CAPABILITIES, "of.tomorrow")) as hub:
        service = siohub.Service("test", hub.options)
        service.namespace("/").allow_anyone()
        running = asyncio.ensure_future(service.run())
        await service.attached()
        assert service.capable("recovery") and service.capable("of.tomorrow") and not service.capable("x")
        assert any("of.tomorrow" in record.getMessage() for record in caplog.records)
        await service.close()
        await running
        with pytest.raises(siohub.ConfigError, match=r"of\.tomorrow"):
            replace(hub.options, required_capabilities=("of.tomorrow",)).completed({})


async def test_a_real_hub(tmp_path: Path) -> None:
    hub = Hub(tmp_path / "log")
    try:
        options = siohub.Options(hub=hub.address, required_capabilities=("recovery",))
        for server in (socketio.AsyncServer(options=options), socketio.Server(options=options, async_mode="threading")):
            with pytest.raises(siohub.MissingCapability) as missing:
                await asyncio.wait_for(server.start(), 5) if server.is_asyncio_based() else await asyncio.to_thread(
                    server.start
                )
            assert (missing.value.code, missing.value.capability) == ("FAILED_PRECONDITION", "recovery")
            done = server.shutdown()
            if done is not None:
                await done
        service = siohub.Service("test", siohub.Options(hub=hub.address))
        ns = service.namespace("/").allow_anyone()
        running = asyncio.ensure_future(service.run())
        await service.attached()
        assert not service.capable("recovery")
        command = commands.emit(commands.target("/", all_=True), "e", siohub.Payload(b"[]"))
        command.emit.MergeFromString(b"\xf8\x3e\x01")  # field 1007: of a later contract
        with pytest.raises(siohub.MissingCapability) as missing:
            await service._line().do(command)
        assert (missing.value.code, missing.value.field) == ("UNIMPLEMENTED", "emit.1007")
        assert (await ns.all().emit_result("e")).matched == 0, "and the stream lives"
        await service.close()
        await running
    finally:
        hub.close()


async def test_a_real_hub_that_recovers(tmp_path: Path) -> None:
    (tmp_path / "hub.yaml").write_text("recovery: {enabled: true}\n")
    hub = Hub(tmp_path / "log", "--config", str(tmp_path / "hub.yaml"))
    try:
        server = socketio.AsyncServer(options=siohub.Options(hub=hub.address, required_capabilities=("recovery",)))
        await asyncio.wait_for(server.start(), 10)
        await server.shutdown()
    finally:
        hub.close()
