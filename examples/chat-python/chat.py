"""The chat service of ../chat in Python. What the events mean stands in
../chat/chat.go; the page is the same."""

import asyncio
import logging
import sys

import siohub
from siohub import Accept, Deny

RESERVED = ("admin", "root", "system")
IMAGE_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp")

svc = siohub.Service("chat", siohub.Options(hub=sys.argv[1] if len(sys.argv) > 1 else ""))
chat = svc.namespace("/chat")
telling = asyncio.Lock()  # held over fetch and emit, so that an older list never comes last


@chat.on_connect
async def enter(attempt):
    """Decides who gets in."""
    auth = attempt.auth if isinstance(attempt.auth, dict) else {}
    name = " ".join(str(auth.get("name", "")).split())
    if not name:
        refuse("Please tell us your name.")
    if len(name) > 24:
        refuse("Please choose a name of at most 24 letters.")
    if name.lower() in RESERVED:
        refuse(f"The name “{name}” is reserved. Please choose another one.")
    return Accept(user=name, rooms=["lobby"])


def refuse(why):
    raise Deny(why, {"field": "name"})


@chat.on_connected
@chat.on_disconnected
async def people(_):
    """Tells everybody who is there, which is asked of the hub."""
    async with telling:
        try:
            there = await chat.to("lobby").fetch_sockets()
            await chat.to("lobby").emit("people", [info.socket.user for info in there])
        except siohub.HubError as err:
            raise siohub.Retry(str(err)) from err


@chat.on("message")
async def message(event):
    """Passes a text on to the others. The acknowledgement comes after it was sent."""
    match event.args:
        case [{"id": str(id), "text": str(text)}, *_] if id and text.strip():
            if len(text) > 2000:
                return event.reply({"error": "It is longer than 2000 letters."})
            await tell_others(event, "message", {"id": id, "text": text})
        case _:
            event.reply({"error": "There is nothing to read in it."})


@chat.on("image")
async def image(event):
    """Passes a picture on to the others: bytes in, bytes out."""
    match event.args:
        case [{"id": str(id), "type": type, "width": width, "height": height}, bytes(picture), *_] if id and type in IMAGE_TYPES:
            if not 0 < len(picture) <= 900_000:
                return event.reply({"error": "The picture is empty or too large."})
            await tell_others(event, "image", {"id": id, "type": type, "width": width, "height": height}, picture)
        case _:
            event.reply({"error": "It is no picture that browsers show."})


async def tell_others(event, name, what, *more):
    head = {"from": event.socket.user, "time": event.receive_time.isoformat()}
    await event.socket.to("lobby").emit(name, {**what, **head}, *more)
    event.reply({})


@chat.on("typing", at_most_once=True)
async def typing(event):
    """Is worth nothing a moment later: whoever cannot take it now, misses it."""
    await event.socket.to("lobby").volatile().emit("typing", event.socket.user)


@chat.on("alive")
async def alive(event):
    """The service is there."""
    event.reply()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    asyncio.run(svc.run_until_signal())
