"""What bidders, hosts and the office do with apps/auction.py, and what has to come of it."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from typing import Any

import pytest
import requests
import socketio as reference
from browser import Browser
from conftest import wait_for

AGENT = {"X-Agent": "check"}


class Bidder(Browser):
    async def call(self, *args: Any, **kw: Any) -> Any:
        """Several answers are a list."""
        answer = await super().call(*args, **kw)
        return list(answer) if isinstance(answer, tuple) else answer


async def enter(url: str, name: str, namespaces: list[str] | None = None, **answers: Any) -> Browser:
    browser = Bidder(url, namespaces, answers)
    await browser.connect({"token": f"tok-{name}"}, headers=AGENT)
    if "/" in browser.namespaces:
        await browser.until("welcome")
    return browser


async def request(method: str, url: str, **kw: Any) -> Any:
    return await asyncio.to_thread(requests.request, method, url, timeout=20, **kw)


async def nothing_more(browser: Browser, event: str, count: int) -> None:
    """An answer that comes later would have been behind it."""
    await browser.call("nothing-of-the-kind")
    assert len(browser.received(event)) == count, browser.received(event)


async def story(url: str, offices: list[str], database: str) -> None:
    await who_is_let_in(url)
    await bids_and_rooms(url, offices)
    await answers_of_browsers(url, offices, database)
    await namespaces(url)
    await ends(url, offices, database)


async def online(offices: list[str]) -> list[str]:
    """A manager knows the sockets of its own process."""
    return sorted([name for office in offices for name in (await request("GET", f"{office}/online")).json()])


async def who_is_let_in(url: str) -> None:
    for auth, says in (
        (None, None), ({"token": "expired"}, "token expired"), ({"token": "nonsense"}, "Connection refused by server"),
        ({"token": ""}, None),
    ):  # fmt: skip
        browser = Browser(url)
        with pytest.raises(reference.exceptions.ConnectionError):
            await browser.connect(auth, headers=AGENT)
        assert len(browser.journal) == 1
        said = browser.journal[0][2]
        if says:
            assert said["message"] == says, said
        if says == "token expired":
            assert said["data"] == {"code": 401, "renew": "/login"}
    for headers, query in (({**AGENT, "Cookie": "a=b; auction=tok-cookie"}, ""), (AGENT, "?token=tok-query")):
        browser = Browser(url)
        await browser.client.connect(url + query, headers=headers, wait_timeout=20)
        welcome = (await browser.until("welcome"))[0][2]
        assert welcome["name"] == ("query" if query else "cookie")
        assert welcome["rooms"] == sorted(["hall", f"user:{welcome['name']}", browser.sid()])
        await browser.close()


async def bids_and_rooms(url: str, offices: list[str]) -> None:
    ann, bob = await enter(url, "ann"), await enter(url, "bob")
    assert (await ann.until("joined"))[0][2:] == ["bob"]
    assert not bob.received("joined")
    assert await ann.call("lot:watch", "vase") == [1, ["vase"]]
    assert await bob.call("lot:watch", "vase") == [2 if len(offices) == 1 else 1, ["vase"]]  # each where it lives
    assert await bob.call("lot:watch", "lamp") == [1, ["lamp", "vase"]]
    assert await ann.call("bid", {"id": "b1", "lot": "vase", "amount": 10}) == ["ok", {"high": 10}]
    assert await bob.call("bid", {"id": "b2", "lot": "vase", "amount": 10}) == ["too low", {"high": 10}]
    assert await bob.call("bid", {"id": "b3", "lot": "vase", "amount": 11}) == ["ok", {"high": 11}]
    assert await bob.call("bid", {"id": "b4", "amount": "x"}) == {"error": "invalid", "fields": ["amount", "lot"]}
    assert await bob.call("bid", "nonsense") == {"error": "invalid", "fields": []}
    for browser in (ann, bob):
        await browser.until("high", 2)
        assert [e[2]["amount"] for e in browser.received("high")] == [10, 11]
    assert await bob.call("lot:unwatch", "lamp") == ["hall", "lot:vase", "user:bob"]
    for number in range(7):
        answer = await ann.call("chat", f"c{number}")
        assert answer == ({"ok": True} if number < 5 else {"error": "slow down", "limit": 5})
    await bob.until("chat", 5)
    assert [e[2]["text"] for e in bob.received("chat")] == [f"c{n}" for n in range(5)] and not ann.received("chat")
    image = bytes(range(256)) * 900
    answer = await ann.call("photo", {"name": "vase.png"}, image)
    assert answer == {"sha256": hashlib.sha256(image).hexdigest(), "mirror": image[::-1]}
    await bob.until("photo")
    assert bob.received("photo")[0][2] == {"meta": {"name": "vase.png"}, "thumbs": [image[:4], {"last": image[-4:]}]}
    assert await ann.call("photo", {}, b"x" * 500_001) == {"error": "too big"}
    assert await ann.call("keep", "k1") == ["k1", "ann"]
    await ann.until("kept")
    await ann.emit("lot:open", "vase", 3)
    for browser in (ann, bob):
        await browser.until("closed")
        assert [e[2:] for e in browser.received("tick")] == [["vase", 3], ["vase", 2], ["vase", 1]]
        assert browser.received("closed")[0][2] == {"lot": "vase", "winner": ["bob", 11]}
    me = await ann.call("me")
    assert me.pop("transport") == "websocket"
    assert me == {
        "session": {"name": "ann", "host": False, "lots": ["vase"], "bids": 1}, "seat": True, "agent": "check",
        "path": "/socket.io/", "method": "GET",
    }  # fmt: skip
    assert await ann.call("no such event", 1, {"a": b"1"}) == {"unknown": "no such event", "args": [1, {"a": b"1"}]}
    with pytest.raises(reference.exceptions.TimeoutError):
        await ann.call("crash", timeout=0.4)
    assert (await request("POST", f"{offices[-1]}/announce", json={"room": "user:bob", "text": "hi"})).json()["sent"]
    await bob.until("announcement")
    assert (await request("POST", f"{offices[-1]}/announce", json={"room": "hall", "text": "all"})).json()["sent"]
    await ann.until("announcement")
    await nothing_more(ann, "announcement", 1)
    await ann.close()
    name, reason = (await bob.until("left"))[0][2:]
    assert name == "ann" and reason in ("client disconnect", "transport close")
    await bob.close()


async def answers_of_browsers(url: str, offices: list[str], database: str) -> None:
    host = await enter(url, "host-hal")
    quick = await enter(url, "quick", question=lambda text, _: f"{text}: yes")
    many = await enter(url, "many", question=lambda *_: (1, 2), **{"please-confirm": lambda lot: (True, lot, b"\x01")})
    late = [await enter(url, f"late{n}", question=lambda *_: asyncio.sleep(30)) for n in range(2)]
    for browser in late:  # one that answers nothing at all
        browser.client.on("question", _never)
    assert await quick.call("survey", "sold?", 1) == {"error": "hosts only"}
    assert await host.call("survey", "sold?", 0.5) == {
        "answers": ["sold?: yes", "(1, 2)"][::-1],
        "late": ["late0", "late1"],
    }
    await host.emit("confirm", many.sid())
    assert (await host.until("confirmed"))[0][2] == ["many", True, {"lot": "vase"}, b"\x01"]
    answer = await request("POST", f"{offices[0]}/ask/{quick.sid()}?text=well")
    assert answer.json() == {"answer": "well: yes"}
    assert (await request("POST", f"{offices[0]}/ask/{late[0].sid()}?text=well")).status_code == 504
    assert await online(offices) == ["host-hal", "late0", "late1", "many", "quick"]
    for browser in (host, quick, many, *late):
        await browser.close()
    count = sqlite3.connect(database).execute("SELECT count(*) FROM confirmed WHERE name = 'many'").fetchone()[0]
    assert count == 1


async def _never(*_: Any) -> None:
    await asyncio.Event().wait()


async def namespaces(url: str) -> None:
    bob = await enter(url, "bob")
    stranger = Browser(url, ["/staff"])
    with pytest.raises(reference.exceptions.ConnectionError):
        await stranger.connect({"token": "tok-ann"}, headers=AGENT)
    assert stranger.journal == [["/staff", "connect_error", {"message": "staff only", "data": {"hint": "ask a host"}}]]
    host = await enter(url, "host-eve", ["/", "/staff", "/team-red"])
    assert (await host.until("team"))[0][2:] == ["/team-red"]
    assert host.sid("/staff") != host.sid("/")
    red = await enter(url, "red", ["/team-red"])
    assert await red.call("shout", "a", 1, namespace="/team-red") == ["/team-red", "shout"]
    assert (await host.until("shout"))[0] == ["/team-red", "shout", "a", 1]
    assert await host.call("who-am-i", namespace="/staff") == ["staff"]
    await host.emit("whisper", host.sid("/staff"), "psst", namespace="/staff")
    assert (await host.until("message"))[0] == ["/staff", "message", {"whisper": "psst"}]
    assert await host.call("kick", "bob", namespace="/staff") == 1
    await bob.until("kicked")
    await asyncio.to_thread(wait_for, lambda: not bob.client.connected, "bob is out")
    assert (await host.until("log"))[0][2] == "host-eve kicked bob"
    assert (await host.until("left"))[0][2:] == ["bob", "server disconnect"]
    lost = Browser(url, ["/teams"])
    with pytest.raises(reference.exceptions.ConnectionError):
        await lost.connect(headers=AGENT)
    assert lost.journal[0][2]["message"] == "no such team"
    for browser in (host, red):
        await browser.close()


async def ends(url: str, offices: list[str], database: str) -> None:
    stays, cut, dropped = await enter(url, "stays"), await enter(url, "cut"), await enter(url, "dropped")
    await cut.client.eio.ws.close()
    await stays.until("left")
    sid = dropped.sid()
    assert (await request("DELETE", f"{offices[0]}/sockets/{sid}")).json() == {"dropped": sid}
    await stays.until("left", 2)
    await asyncio.to_thread(wait_for, lambda: not dropped.client.connected, "dropped")
    assert [e[2:] for e in stays.received("left")] == [["cut", "transport close"], ["dropped", "server disconnect"]]
    assert await online(offices) == ["stays"]
    await stays.close()
    rows = sqlite3.connect(database, check_same_thread=False).execute
    await asyncio.to_thread(
        wait_for,
        lambda: (
            sorted(rows("SELECT name, sid FROM joins"))
            == sorted(rows("SELECT name, sid FROM leaves WHERE name != 'staff'"))
        ),
        "every join has its end",
    )
    assert rows("SELECT count(*) FROM leaves WHERE name = 'staff'").fetchone() == (1,)
