"""A service on the bare contract, proto/hub/v1/attach.proto: say hello, handle
deliveries, settle each of them, keep the heartbeat, come back."""

import logging
import queue
import random
import sys
import time
import uuid
from pathlib import Path

import grpc

# grpcio-tools turns the contract into modules while they are imported.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "proto"))
attach_pb2, attach_grpc = grpc.protos_and_services("hub/v1/attach.proto")
control_pb2, control_grpc = grpc.protos_and_services("hub/v1/control.proto")
command_pb2, settlement_pb2, socket_pb2, status_pb2 = (
    grpc.protos(f"hub/v1/{name}.proto") for name in ("command", "settlement", "socket", "status")
)

# A hub that has fallen silent is noticed by HTTP/2 pings.
CHANNEL_OPTIONS = [("grpc.keepalive_time_ms", 15_000), ("grpc.max_reconnect_backoff_ms", 5_000)]


def serve(channel, hello, handle):
    """Attaches, and comes back whenever the stream is lost. handle(delivery)
    gives the Settlement, without its number."""
    stub = attach_grpc.AttachServiceStub(channel)
    hello.instance_id = str(uuid.uuid4())
    limit = 0.1
    while True:
        started = time.monotonic()
        try:
            attach(stub, hello, handle)
        except grpc.RpcError as err:
            logging.warning("no hub: %s", err.details())
        if time.monotonic() - started > 10:
            limit = 0.1
        time.sleep(random.uniform(0, limit))
        limit = min(limit * 2, 5)


def attach(stub, hello, handle):
    """Holds one stream until it ends."""
    outbox = queue.SimpleQueue()  # of Action; None ends the stream
    outbox.put(attach_pb2.Action(hello=hello))
    try:
        for response in stub.Attach(requests(outbox)):
            for item in response.items:
                match item.WhichOneof("kind"):
                    case "welcome":
                        report(item.welcome)
                    case "delivery":
                        outbox.put(attach_pb2.Action(settlement=settle(item.delivery, handle)))
                    case "result" | "notice":
                        logging.warning("the hub says: %s", item)
    finally:
        outbox.put(None)


def requests(outbox):
    """What the service says; a heartbeat when there was nothing for 4 seconds."""
    while True:
        try:
            action = outbox.get(timeout=4)
        except queue.Empty:
            action = attach_pb2.Action(heartbeat=attach_pb2.Heartbeat())
        if action is None:
            return
        yield attach_pb2.AttachRequest(actions=[action])


def settle(delivery, handle):
    try:
        settlement = handle(delivery)
    except Exception as err:  # whatever went wrong, the hub is told, and tries again
        logging.exception("delivery %d", delivery.delivery_seq)
        status = status_pb2.Status(code=status_pb2.CODE_INTERNAL, message=str(err))
        settlement = settlement_pb2.Settlement(nack=settlement_pb2.Nack(status=status, retry=True))
    settlement.delivery_seq = delivery.delivery_seq
    return settlement


def report(welcome):
    logging.info("attached to hub %s", welcome.hub_id)
    for result in welcome.subscriptions:
        if result.status.code or result.status.reason:
            logging.warning("subscription: %s", result.status)
