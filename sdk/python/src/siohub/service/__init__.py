"""The kit's own API: see Service."""

from siohub._core.codec import Payload
from siohub._core.link import HubStatus
from siohub._core.options import TLS, Options
from siohub._core.status import safe_to_retry

from .answers import Ack, Acks, Answer, Answers, EmitResult, Observation, SocketInfo
from .decisions import Accept, AuthExpiring, ConnectAttempt, DecisionCache, EdgePolicy, Handshake, Recovery
from .events import Call, Event, LaterAck
from .kinds import HandshakeDetail, Introduction, Kind, Overflow, SocketData
from .lifecycle import Connected, Disconnected, Released, RoomPresence, RoomsChanged, Upgraded, UserPresence
from .namespace import Namespace
from .service import Service
from .socket import Socket
from .target import Target

__all__ = [
    "TLS", "Accept", "Ack", "Acks", "Answer", "Answers", "AuthExpiring", "Call", "ConnectAttempt", "Connected",
    "DecisionCache", "Disconnected", "EdgePolicy", "EmitResult", "Event", "Handshake", "HandshakeDetail", "HubStatus",
    "Introduction", "Kind", "LaterAck", "Namespace", "Observation", "Options", "Overflow", "Payload", "Recovery",
    "Released", "RoomPresence", "RoomsChanged", "Service", "Socket", "SocketData", "SocketInfo", "Target", "Upgraded",
    "UserPresence", "safe_to_retry",
]  # fmt: skip
