"""A service on the bare contract, proto/hub/v1/attach.proto: say hello, handle
deliveries, settle each of them, keep the heartbeat, come back, and leave without loss."""

import logging
import queue
import random
import sys
import threading
import time
import uuid
from pathlib import Path

import grpc

# grpcio-tools turns the contract into modules while they are imported.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "proto"))
attach_pb2, attach_grpc = grpc.protos_and_services("hub/v1/attach.proto")
control_pb2, control_grpc = grpc.protos_and_services("hub/v1/control.proto")
command_pb2, settlement_pb2, socket_pb2, status_pb2, subscription_pb2 = (
    grpc.protos(f"hub/v1/{name}.proto") for name in ("command", "settlement", "socket", "status", "subscription")
)

CHANNEL_OPTIONS = [("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 5_000)]

# Codes with which a stream ends for good. UNAUTHENTICATED is one of them here, where no
# credential can change.
FINAL = (
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.UNAUTHENTICATED,
)

GREETING = 10  # seconds to wait for the welcome
LEAVING = 10  # seconds to wait for the end of a drain

INSTANCE_ID = str(uuid.uuid4())  # the same at every hub
ATTACHED = set()  # ids of the hubs that have a stream: a second address of one is refused
TURN = threading.Semaphore()  # one hello after the other, for what the one brings the next has to say


def serve(services):
    """Runs a Service for each hub, which delivers what its own browsers do, until all have
    left. Raises what one of them raises."""
    ends = queue.SimpleQueue()

    def run(service):
        try:
            ends.put(service.run())
        except Exception as err:
            ends.put(err)

    for service in services:
        threading.Thread(target=run, args=(service,), daemon=True).start()
    for _ in services:
        if err := ends.get():
            raise err


def stop(services):
    """Leaves: once everything is settled, or at once when there is no stream or it is said
    again."""
    if any(s.stopping for s in services) or not any(s.stream for s in services):
        sys.exit()
    for service in services:
        service.stop()


class Service:
    """Attaches to one hub, and comes back whenever the stream is lost. handle(delivery,
    control) gives the Settlement, without its number."""

    def __init__(self, address, hello, handle):
        channel = grpc.insecure_channel(address, CHANNEL_OPTIONS)
        self.stub = attach_grpc.AttachServiceStub(channel)
        control = control_grpc.ControlServiceStub(channel)
        self.hello = hello
        self.handle = lambda delivery: handle(delivery, control)
        self.stream = None  # while attached
        self.stopping = False

    def run(self):
        """Returns once the service has left. Raises grpc.RpcError when the hub says that
        coming back is of no use."""
        limit = 0.1
        while not self.stopping:
            begun = time.monotonic()
            self.stream = stream = Stream()
            try:
                stream.attach(self.stub, self.hello, self.handle)
            except grpc.RpcError as err:
                if err.code() in FINAL:
                    raise
                logging.warning("no hub: %s", err.details())
            self.stream = None
            if time.monotonic() - begun >= stream.every:  # a welcome alone is not enough
                limit = 0.1
            if not self.stopping:
                time.sleep(random.uniform(0, limit))
            limit = min(limit * 2, 10)

    def stop(self):
        self.stopping = True
        if stream := self.stream:
            stream.leave()


class Stream:
    """One stream, until it ends."""

    def __init__(self):
        self.outbox = queue.SimpleQueue()  # of Action; None ends the stream
        self.every = 1.0  # seconds between heartbeats, until the welcome says how often
        self.deadline = time.monotonic() + GREETING  # of the welcome, then of the next envelope
        self.leaving = None  # when a drain has taken too long
        self.hub_id = None

    def attach(self, stub, hello, handle):
        TURN.acquire()
        self.greeted = False
        if self.leaving:  # while others said hello
            return self.end_turn()
        greeting = attach_pb2.Hello(instance_id=INSTANCE_ID, attached_hub_ids=ATTACHED)
        greeting.MergeFrom(hello)
        self.outbox.put(attach_pb2.Action(hello=greeting))
        self.call = stub.Attach(self.requests())
        try:
            for response in self.call:
                for item in response.items:
                    match item.WhichOneof("kind"):
                        case "welcome":
                            report(item.welcome, hello)
                            self.hub_id = item.welcome.hub_id
                            ATTACHED.add(self.hub_id)
                            self.end_turn()
                            self.every = item.welcome.heartbeat_interval.ToTimedelta().total_seconds()
                        case "delivery":
                            self.outbox.put(attach_pb2.Action(settlement=settle(item.delivery, handle)))
                        case "result" if item.result.HasField("status"):
                            logging.warning("the hub says: %s", item)
                        case "notice" if item.notice.HasField("status"):
                            logging.warning("the hub says: %s", item)
                        case "drain":
                            logging.warning("the hub leaves: %s", item.drain.reason)
                self.deadline = time.monotonic() + 3 * self.every
        finally:
            ATTACHED.discard(self.hub_id)
            self.end_turn()
            self.outbox.put(None)

    def end_turn(self):
        if not self.greeted:
            self.greeted = True
            TURN.release()

    def leave(self):
        """The hub ends the stream once everything is settled."""
        self.leaving = time.monotonic() + LEAVING
        self.outbox.put(attach_pb2.Action(drain=attach_pb2.Drain()))

    def requests(self):
        """What the service says; a heartbeat when there was nothing for an interval."""
        while True:
            try:
                action = self.outbox.get(timeout=self.every)
            except queue.Empty:
                if time.monotonic() > self.deadline:
                    self.call.cancel()  # the hub has fallen silent
                    return
                action = attach_pb2.Action(heartbeat=attach_pb2.Heartbeat())
            if action is None or self.leaving and time.monotonic() > self.leaving:
                return
            yield attach_pb2.AttachRequest(actions=[action])


def settle(delivery, handle):
    """What the hub refuses of it needs no nack: the delivery has ended then."""
    try:
        settlement = handle(delivery)
    except Exception as err:  # whatever went wrong, the hub is told, and tries again
        logging.exception("delivery %d", delivery.delivery_seq)
        status = status_pb2.Status(code=status_pb2.CODE_INTERNAL, message=well_formed(str(err)))
        settlement = settlement_pb2.Settlement(nack=settlement_pb2.Nack(status=status, retry=True))
    settlement.delivery_seq = delivery.delivery_seq
    return settlement


def well_formed(text):
    """Puts U+FFFD in the place of half a surrogate pair: a browser may send one in JSON,
    and protobuf takes none in a string."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def report(welcome, hello):
    logging.info("attached to hub %s", welcome.hub_id)
    for asked, result in zip(hello.subscriptions, welcome.subscriptions):
        if result.status.code or result.status.reason:
            logging.warning("subscription %d is not in force: %s", asked.id, result.status)
        for warning in result.warnings:
            logging.warning("subscription %d: %s", asked.id, warning)
