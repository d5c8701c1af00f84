"""The chat service of ../chat in Python. What the events mean stands in
../chat/chat.go; the page is the same."""

import json
import logging
import os
import signal
import sys
from datetime import datetime, timezone

import attach
from attach import attach_pb2, command_pb2, control_pb2, settlement_pb2, socket_pb2, status_pb2, subscription_pb2

LOBBY = {"namespace": "/chat", "rooms": ["lobby"]}
RESERVED = ("admin", "root", "system")
IMAGE_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp")

HELLO = attach_pb2.Hello(
    group="chat",
    version="python",
    subscriptions=[
        {"id": 1, "role": subscription_pb2.ROLE_AUTHORIZER, "namespace": "/chat"},
        {"id": 2, "role": subscription_pb2.ROLE_HANDLER, "namespace": "/chat"},
        {
            "id": 3,
            "role": subscription_pb2.ROLE_HANDLER,
            "namespace": "/chat",
            "events": ["typing"],
            "guarantee": subscription_pb2.GUARANTEE_AT_MOST_ONCE,
        },
    ],
)


def handle(delivery, control):
    """What a browser did, and the settlement of it. control asks the hub that delivers."""
    match delivery.WhichOneof("body"):
        case "connect_attempt":
            return enter(delivery.connect_attempt)
        case "connected" | "disconnected":
            return done(people(control))
        case "event":
            event = delivery.event
            on = EVENTS.get(event.name, lambda *_: done())
            return on(delivery.socket, json.loads(event.payload.args), event.payload.attachments)
        case _:
            status = status_pb2.Status(code=status_pb2.CODE_UNIMPLEMENTED)
            return settlement_pb2.Settlement(nack=settlement_pb2.Nack(status=status))


def enter(attempt):
    auth = json.loads(attempt.auth or "{}")
    name = attach.well_formed(" ".join(str(auth.get("name", "")).split()))
    if not name:
        return refuse("Please tell us your name.")
    if len(name) > 24:
        return refuse("Please choose a name of at most 24 letters.")
    if name.lower() in RESERVED:
        return refuse(f"The name “{name}” is reserved. Please choose another one.")
    return settlement_pb2.Settlement(accept=settlement_pb2.Accept(user=name, rooms=["lobby"]))


def message(socket, args, _):
    match args:
        case [{"id": str(id), "text": str(text)}, *_] if id and text.strip():
            if len(text) > 2000:
                return reject("It is longer than 2000 letters.")
            out = {"id": id, "from": socket.user, "time": now(), "text": text}
            return reply([{}], emit(others(socket), "message", [out]))
    return reject("There is nothing to read in it.")


def image(socket, args, attachments):
    match args:
        case [{"id": str(id), "type": type, "width": width, "height": height}, *_] if id and attachments:
            if type not in IMAGE_TYPES:
                return reject("It is no picture that browsers show.")
            if not 0 < len(attachments[0]) <= 900_000:
                return reject("The picture is empty or too large.")
            out = {"id": id, "from": socket.user, "time": now(), "type": type, "width": width, "height": height}
            place = {"_placeholder": True, "num": 0}
            return reply([{}], emit(others(socket), "image", [out, place], attachments[:1]))
    return reject("It is no picture that browsers show.")


def typing(socket, *_):
    return done(emit(others(socket), "typing", [socket.user], volatile=True))


EVENTS = {"message": message, "image": image, "typing": typing, "alive": lambda *_: reply([])}


def people(control):
    """Tells everybody who is there, which is asked of the hub."""
    pages = control.FetchSockets(control_pb2.FetchSocketsRequest(fetch={"target": LOBBY}))
    return emit(LOBBY, "people", [[info.socket.user for page in pages for info in page.sockets]])


def others(socket):
    return {**LOBBY, "except_sockets": [socket.id]}


def emit(target, event, args, attachments=(), **options):
    return command_pb2.Command(
        emit=command_pb2.Emit(target=target, event=event, payload=payload(args, attachments), **options)
    )


def payload(args, attachments=()):
    return socket_pb2.Payload(args=json.dumps(args).encode(), attachments=attachments)


def done(*commands):
    return settlement_pb2.Settlement(done=settlement_pb2.Done(), commands=commands)


def reply(args, *commands):
    return settlement_pb2.Settlement(reply=settlement_pb2.Reply(payload=payload(args)), commands=commands)


def reject(error):
    return reply([{"error": error}])


def refuse(why):
    return settlement_pb2.Settlement(deny=settlement_pb2.Deny(message=why, data=b'{"field":"name"}'))


def now():
    return datetime.now(timezone.utc).isoformat()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    addresses = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("HUB_ADDRESS", "127.0.0.1:7420")
    services = [attach.Service(address, HELLO, handle) for address in addresses.split(",")]
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: attach.stop(services))
    attach.serve(services)
