"""The tables of names in docs/migrate-from-*.md are those of the installed references, and what
they promise is in the kit."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import Any

import engineio
import flask_socketio as flask_reference
import pytest
import socketio as reference
from conftest import HERE
from flask import Flask

from siohub import flask_socketio as flask_kit
from siohub import socketio as kit
from siohub._facade.said import HUB_OPTIONS

DOCS = HERE.parents[2] / "docs"
STATUS = {"as it was", "differs", "ignored", "later", "never"}
THERE = {"as it was", "differs", "ignored"}

Table = dict[str, str]


def tables(page: str) -> dict[str, Table]:
    """The status of each name, by the headings below "Every name"."""
    found: dict[str, Table] = {}
    text = (DOCS / page).read_text().split("\n## Every name\n")[1]
    for part in text.split("\n### ")[1:]:
        heading, _, body = part.partition("\n")
        rows = found[heading] = {}
        for first, status in re.findall(r"^\| (`.*?) \| ([a-z ]+) \|", body, re.M):
            assert status in STATUS, f"{heading}: {status}"
            for name in re.findall(r"`(\w+)`", first):
                assert name not in rows, f"{heading}: {name} stands twice"
                rows[name] = status
    return found


def public(*things: Any) -> set[str]:
    return {name for thing in things for name in dir(thing) if not name.startswith("_")}


def has(thing: Any, name: str) -> bool:
    try:
        return hasattr(thing, name)
    except NotImplementedError:
        return False


def arguments(*functions: Any) -> set[str]:
    return {p for f in functions for p in inspect.signature(f).parameters} - {"self", "kwargs"}


def check(table: Table, names: Iterable[str], pairs: Iterable[tuple[Any, Any]], more: Iterable[str] = ()) -> None:
    """table has exactly the names. Each pair is a thing of the reference and the kit's: what the one
    has, and is promised, the other has. more: arguments that the kit takes."""
    names, pairs, more = set(names), list(pairs), set(more)
    assert (sorted(names - table.keys()), sorted(table.keys() - names)) == ([], []), (
        "missing in the table; no such name"
    )
    for name, status in table.items():
        for theirs, ours in pairs:
            if status in THERE and has(theirs, name):
                assert has(ours, name), f"{ours}.{name}: {status}, and not there"
            elif status == "never":
                assert not has(ours, name) or name == "handle_request", f"{ours}.{name}: never, and there"
        if status in THERE:
            assert name in more or any(has(ours, name) for _, ours in pairs), f"{name}: {status}, and not in the kit"


def servers(module: Any, **kw: Any) -> list[Any]:
    return [module.AsyncServer(async_mode="asgi", **kw), module.Server(async_mode="threading", **kw)]


def both() -> list[tuple[Any, Any]]:
    return list(zip(servers(reference), servers(kit, attach=False), strict=True))


PAGES = sorted(path.name for path in DOCS.glob("migrate-from-*.md"))


@pytest.mark.parametrize("page", PAGES)
def test_options_of_the_hub_are_its_own(page: str) -> None:
    keys = set(re.findall(r"^\| `([a-z0-9_.]+)` \|", (DOCS / "configuration.md").read_text(), re.M))
    text = (DOCS / page).read_text()
    flags = {flag.replace("-", "_") for flag in re.findall(r"--([a-z][a-z-]+)", text)} - {"workers", "config"}
    assert flags <= {key.replace(".", "_") for key in keys}
    for section in re.findall(r"^## Options.*?(?=^## )", text, re.M | re.S):
        for options in re.findall(r"^\| `.*?\| (`.*?) \|", section, re.M):
            assert set(re.findall(r"`([\w.]+)`", options)) <= keys
    assert set(HUB_OPTIONS.values()) <= keys


@pytest.fixture(scope="module")
def python() -> dict[str, Table]:
    return tables("migrate-from-python-socketio.md")


def test_module(python: dict[str, Table]) -> None:
    check(python["Module"], {*reference.__all__, "exceptions"}, [(reference, kit)])


def test_servers(python: dict[str, Table]) -> None:
    check(python["Servers"], public(*servers(reference)), both())


def test_constructor(python: dict[str, Table]) -> None:
    names = arguments(reference.Server.__init__, reference.AsyncServer.__init__, engineio.Server.__init__)
    names.add("engineio_logger")
    taken = names - {"async_mode", "logger", "transports"}
    servers(kit, attach=False, **dict.fromkeys(taken))
    check(python["Constructor"], names, [], names)


def test_namespaces(python: dict[str, Table]) -> None:
    pairs = [(getattr(reference, n)("/x"), getattr(kit, n)("/x")) for n in ("AsyncNamespace", "Namespace")]
    check(python["Namespaces"], public(*(theirs for theirs, _ in pairs)), pairs)


def test_applications(python: dict[str, Table]) -> None:
    def made(module: Any, server: Any, threads: Any) -> list[Any]:
        return [module.ASGIApp(server), module.WSGIApp(threads)]

    theirs, ours = made(reference, *servers(reference)), made(kit, *servers(kit, attach=False))
    args = arguments(reference.ASGIApp.__init__, reference.WSGIApp.__init__)
    more = arguments(kit.ASGIApp.__init__, kit.WSGIApp.__init__)
    check(python["Applications"], public(*theirs) | args, zip(theirs, ours, strict=True), more)


def test_managers(python: dict[str, Table]) -> None:
    names = [name for name in reference.__all__ if name.endswith("Manager")]
    pairs = [(getattr(reference, name), getattr(kit, name)) for name in names]
    pairs += [(theirs.manager, ours.manager) for theirs, ours in both()]
    check(python["Managers"], public(*(theirs for theirs, _ in pairs)), pairs)


def test_engine(python: dict[str, Table]) -> None:
    pairs = [(theirs.eio, ours.eio) for theirs, ours in both()]
    check(python["Engine"], public(*(theirs for theirs, _ in pairs)), pairs)


def test_exceptions(python: dict[str, Table]) -> None:
    check(python["Exceptions"], public(reference.exceptions), [(reference.exceptions, kit.exceptions)])


@pytest.mark.parametrize("name", ["AsyncServer", "Server", "AsyncNamespace", "Namespace", "ASGIApp", "WSGIApp"])
def test_arguments(name: str) -> None:
    theirs, ours = getattr(reference, name), getattr(kit, name)
    compare_arguments(theirs, ours)


def compare_arguments(theirs: Any, ours: Any) -> None:
    """Calls that one takes the other takes, with the same names in the same order."""
    for member in public(theirs) & public(ours) | {"__init__"}:
        if not inspect.isfunction(getattr(theirs, member)):
            continue
        want, have = (list(inspect.signature(getattr(c, member)).parameters) for c in (theirs, ours))
        if "kwargs" not in have:
            assert have[: len(want)] == want, f"{ours.__name__}.{member}"


@pytest.fixture(scope="module")
def flask() -> dict[str, Table]:
    return tables("migrate-from-flask-socketio.md")


def test_flask_module(flask: dict[str, Table]) -> None:
    here = ("flask_socketio", "socketio")  # what it imports from elsewhere is not its own
    names = {
        n for n in public(flask_reference) if getattr(vars(flask_reference)[n], "__module__", "").split(".")[0] in here
    }
    check(flask["Module"], names, [(flask_reference, flask_kit)])


def test_flask_server(flask: dict[str, Table]) -> None:
    theirs, ours = flask_reference.SocketIO(), flask_kit.SocketIO()
    check(flask["SocketIO"], public(theirs), [(theirs, ours)])
    compare_arguments(flask_reference.SocketIO, flask_kit.SocketIO)


def test_flask_constructor(flask: dict[str, Table]) -> None:
    names = set(re.findall(r":param (\w+):", flask_reference.SocketIO.__doc__))
    flask_kit.SocketIO(Flask("x"), **dict.fromkeys(names - {"app", "kwargs", "logger"}))
    check(flask["Constructor"], names, [], names)


def test_flask_namespace(flask: dict[str, Table]) -> None:
    theirs, ours = flask_reference.Namespace("/x"), flask_kit.Namespace("/x")
    check(flask["Namespace"], public(theirs), [(theirs, ours)])


def test_flask_test_client(flask: dict[str, Table]) -> None:
    theirs, ours = flask_reference.SocketIOTestClient, flask_kit.SocketIOTestClient
    check(flask["SocketIOTestClient"], public(theirs), [(theirs, ours)])
    compare_arguments(theirs, ours)


@pytest.mark.parametrize(
    "name", ["emit", "send", "call", "join_room", "leave_room", "close_room", "rooms", "disconnect"]
)
def test_flask_functions(name: str) -> None:
    want, have = (list(inspect.signature(getattr(m, name)).parameters) for m in (flask_reference, flask_kit))
    assert have == want
