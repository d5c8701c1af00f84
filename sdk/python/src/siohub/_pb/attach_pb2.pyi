from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from siohub._pb import command_pb2 as _command_pb2
from siohub._pb import delivery_pb2 as _delivery_pb2
from siohub._pb import observation_pb2 as _observation_pb2
from siohub._pb import settlement_pb2 as _settlement_pb2
from siohub._pb import status_pb2 as _status_pb2
from siohub._pb import subscription_pb2 as _subscription_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class NoticeKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NOTICE_KIND_UNSPECIFIED: _ClassVar[NoticeKind]
    NOTICE_KIND_BAD_ACTION: _ClassVar[NoticeKind]
    NOTICE_KIND_COMMAND_FAILED: _ClassVar[NoticeKind]
    NOTICE_KIND_LIFECYCLE_LOST: _ClassVar[NoticeKind]
    NOTICE_KIND_DELIVERIES_DROPPED: _ClassVar[NoticeKind]
    NOTICE_KIND_UNHANDLED: _ClassVar[NoticeKind]
    NOTICE_KIND_ROOMS_CHANGED: _ClassVar[NoticeKind]
    NOTICE_KIND_ROOM_OCCUPIED: _ClassVar[NoticeKind]
    NOTICE_KIND_ROOM_VACATED: _ClassVar[NoticeKind]
    NOTICE_KIND_UPGRADED: _ClassVar[NoticeKind]
    NOTICE_KIND_USER_PRESENT: _ClassVar[NoticeKind]
    NOTICE_KIND_USER_ABSENT: _ClassVar[NoticeKind]
    NOTICE_KIND_INTRODUCED: _ClassVar[NoticeKind]
    NOTICE_KIND_HUBS: _ClassVar[NoticeKind]
NOTICE_KIND_UNSPECIFIED: NoticeKind
NOTICE_KIND_BAD_ACTION: NoticeKind
NOTICE_KIND_COMMAND_FAILED: NoticeKind
NOTICE_KIND_LIFECYCLE_LOST: NoticeKind
NOTICE_KIND_DELIVERIES_DROPPED: NoticeKind
NOTICE_KIND_UNHANDLED: NoticeKind
NOTICE_KIND_ROOMS_CHANGED: NoticeKind
NOTICE_KIND_ROOM_OCCUPIED: NoticeKind
NOTICE_KIND_ROOM_VACATED: NoticeKind
NOTICE_KIND_UPGRADED: NoticeKind
NOTICE_KIND_USER_PRESENT: NoticeKind
NOTICE_KIND_USER_ABSENT: NoticeKind
NOTICE_KIND_INTRODUCED: NoticeKind
NOTICE_KIND_HUBS: NoticeKind

class AttachRequest(_message.Message):
    __slots__ = ("envelope_seq", "ack_envelope_seq", "actions")
    ENVELOPE_SEQ_FIELD_NUMBER: _ClassVar[int]
    ACK_ENVELOPE_SEQ_FIELD_NUMBER: _ClassVar[int]
    ACTIONS_FIELD_NUMBER: _ClassVar[int]
    envelope_seq: int
    ack_envelope_seq: int
    actions: _containers.RepeatedCompositeFieldContainer[Action]
    def __init__(self, envelope_seq: _Optional[int] = ..., ack_envelope_seq: _Optional[int] = ..., actions: _Optional[_Iterable[_Union[Action, _Mapping]]] = ...) -> None: ...

class Action(_message.Message):
    __slots__ = ("hello", "settlement", "command", "window", "heartbeat", "drain")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    SETTLEMENT_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    hello: Hello
    settlement: _settlement_pb2.Settlement
    command: _command_pb2.Command
    window: Window
    heartbeat: Heartbeat
    drain: Drain
    def __init__(self, hello: _Optional[_Union[Hello, _Mapping]] = ..., settlement: _Optional[_Union[_settlement_pb2.Settlement, _Mapping]] = ..., command: _Optional[_Union[_command_pb2.Command, _Mapping]] = ..., window: _Optional[_Union[Window, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ..., drain: _Optional[_Union[Drain, _Mapping]] = ...) -> None: ...

class AttachResponse(_message.Message):
    __slots__ = ("envelope_seq", "ack_envelope_seq", "items")
    ENVELOPE_SEQ_FIELD_NUMBER: _ClassVar[int]
    ACK_ENVELOPE_SEQ_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    envelope_seq: int
    ack_envelope_seq: int
    items: _containers.RepeatedCompositeFieldContainer[Item]
    def __init__(self, envelope_seq: _Optional[int] = ..., ack_envelope_seq: _Optional[int] = ..., items: _Optional[_Iterable[_Union[Item, _Mapping]]] = ...) -> None: ...

class Item(_message.Message):
    __slots__ = ("welcome", "delivery", "result", "notice", "heartbeat", "revoked", "drain", "observation", "ended", "released")
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    NOTICE_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    REVOKED_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    OBSERVATION_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    RELEASED_FIELD_NUMBER: _ClassVar[int]
    welcome: Welcome
    delivery: _delivery_pb2.Delivery
    result: _command_pb2.Result
    notice: Notice
    heartbeat: Heartbeat
    revoked: Revoked
    drain: Drain
    observation: _observation_pb2.Observation
    ended: Ended
    released: Released
    def __init__(self, welcome: _Optional[_Union[Welcome, _Mapping]] = ..., delivery: _Optional[_Union[_delivery_pb2.Delivery, _Mapping]] = ..., result: _Optional[_Union[_command_pb2.Result, _Mapping]] = ..., notice: _Optional[_Union[Notice, _Mapping]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping]] = ..., revoked: _Optional[_Union[Revoked, _Mapping]] = ..., drain: _Optional[_Union[Drain, _Mapping]] = ..., observation: _Optional[_Union[_observation_pb2.Observation, _Mapping]] = ..., ended: _Optional[_Union[Ended, _Mapping]] = ..., released: _Optional[_Union[Released, _Mapping]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("group", "instance_id", "version", "required_capabilities", "subscriptions", "window", "max_envelope_bytes", "anew", "resume", "heartbeat_interval", "weight", "attached_hub_ids", "keep_sockets")
    GROUP_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTIONS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    MAX_ENVELOPE_BYTES_FIELD_NUMBER: _ClassVar[int]
    ANEW_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    ATTACHED_HUB_IDS_FIELD_NUMBER: _ClassVar[int]
    KEEP_SOCKETS_FIELD_NUMBER: _ClassVar[int]
    group: str
    instance_id: str
    version: str
    required_capabilities: _containers.RepeatedScalarFieldContainer[str]
    subscriptions: _containers.RepeatedCompositeFieldContainer[_subscription_pb2.Subscription]
    window: Window
    max_envelope_bytes: int
    anew: bool
    resume: Resume
    heartbeat_interval: _duration_pb2.Duration
    weight: int
    attached_hub_ids: _containers.RepeatedScalarFieldContainer[str]
    keep_sockets: bool
    def __init__(self, group: _Optional[str] = ..., instance_id: _Optional[str] = ..., version: _Optional[str] = ..., required_capabilities: _Optional[_Iterable[str]] = ..., subscriptions: _Optional[_Iterable[_Union[_subscription_pb2.Subscription, _Mapping]]] = ..., window: _Optional[_Union[Window, _Mapping]] = ..., max_envelope_bytes: _Optional[int] = ..., anew: bool = ..., resume: _Optional[_Union[Resume, _Mapping]] = ..., heartbeat_interval: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., weight: _Optional[int] = ..., attached_hub_ids: _Optional[_Iterable[str]] = ..., keep_sockets: bool = ...) -> None: ...

class Resume(_message.Message):
    __slots__ = ("attachment", "hub_id", "ack_envelope_seq")
    ATTACHMENT_FIELD_NUMBER: _ClassVar[int]
    HUB_ID_FIELD_NUMBER: _ClassVar[int]
    ACK_ENVELOPE_SEQ_FIELD_NUMBER: _ClassVar[int]
    attachment: bytes
    hub_id: str
    ack_envelope_seq: int
    def __init__(self, attachment: _Optional[bytes] = ..., hub_id: _Optional[str] = ..., ack_envelope_seq: _Optional[int] = ...) -> None: ...

class Window(_message.Message):
    __slots__ = ("deliveries", "bytes", "paused", "observations")
    DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    OBSERVATIONS_FIELD_NUMBER: _ClassVar[int]
    deliveries: int
    bytes: int
    paused: bool
    observations: int
    def __init__(self, deliveries: _Optional[int] = ..., bytes: _Optional[int] = ..., paused: bool = ..., observations: _Optional[int] = ...) -> None: ...

class Welcome(_message.Message):
    __slots__ = ("hub_id", "hub_version", "capabilities", "subscriptions", "window", "command_window", "max_envelope_bytes", "heartbeat_interval", "hubs", "resumed", "ack_envelope_seq", "revoked", "attachment")
    HUB_ID_FIELD_NUMBER: _ClassVar[int]
    HUB_VERSION_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTIONS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    COMMAND_WINDOW_FIELD_NUMBER: _ClassVar[int]
    MAX_ENVELOPE_BYTES_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    HUBS_FIELD_NUMBER: _ClassVar[int]
    RESUMED_FIELD_NUMBER: _ClassVar[int]
    ACK_ENVELOPE_SEQ_FIELD_NUMBER: _ClassVar[int]
    REVOKED_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENT_FIELD_NUMBER: _ClassVar[int]
    hub_id: str
    hub_version: str
    capabilities: _containers.RepeatedScalarFieldContainer[str]
    subscriptions: _containers.RepeatedCompositeFieldContainer[_subscription_pb2.SubscriptionResult]
    window: Window
    command_window: int
    max_envelope_bytes: int
    heartbeat_interval: _duration_pb2.Duration
    hubs: _containers.RepeatedCompositeFieldContainer[HubInfo]
    resumed: bool
    ack_envelope_seq: int
    revoked: _containers.RepeatedScalarFieldContainer[int]
    attachment: bytes
    def __init__(self, hub_id: _Optional[str] = ..., hub_version: _Optional[str] = ..., capabilities: _Optional[_Iterable[str]] = ..., subscriptions: _Optional[_Iterable[_Union[_subscription_pb2.SubscriptionResult, _Mapping]]] = ..., window: _Optional[_Union[Window, _Mapping]] = ..., command_window: _Optional[int] = ..., max_envelope_bytes: _Optional[int] = ..., heartbeat_interval: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., hubs: _Optional[_Iterable[_Union[HubInfo, _Mapping]]] = ..., resumed: bool = ..., ack_envelope_seq: _Optional[int] = ..., revoked: _Optional[_Iterable[int]] = ..., attachment: _Optional[bytes] = ...) -> None: ...

class HubInfo(_message.Message):
    __slots__ = ("id", "control_address")
    ID_FIELD_NUMBER: _ClassVar[int]
    CONTROL_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    id: str
    control_address: str
    def __init__(self, id: _Optional[str] = ..., control_address: _Optional[str] = ...) -> None: ...

class Notice(_message.Message):
    __slots__ = ("kind", "status", "count", "rooms_changed", "room", "user", "upgraded", "hubs", "unhandled")
    KIND_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    ROOMS_CHANGED_FIELD_NUMBER: _ClassVar[int]
    ROOM_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    UPGRADED_FIELD_NUMBER: _ClassVar[int]
    HUBS_FIELD_NUMBER: _ClassVar[int]
    UNHANDLED_FIELD_NUMBER: _ClassVar[int]
    kind: NoticeKind
    status: _status_pb2.Status
    count: int
    rooms_changed: RoomsChanged
    room: RoomPresence
    user: UserPresence
    upgraded: Upgraded
    hubs: Hubs
    unhandled: Unhandled
    def __init__(self, kind: _Optional[_Union[NoticeKind, str]] = ..., status: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., count: _Optional[int] = ..., rooms_changed: _Optional[_Union[RoomsChanged, _Mapping]] = ..., room: _Optional[_Union[RoomPresence, _Mapping]] = ..., user: _Optional[_Union[UserPresence, _Mapping]] = ..., upgraded: _Optional[_Union[Upgraded, _Mapping]] = ..., hubs: _Optional[_Union[Hubs, _Mapping]] = ..., unhandled: _Optional[_Union[Unhandled, _Mapping]] = ...) -> None: ...

class RoomsChanged(_message.Message):
    __slots__ = ("socket_id", "joined", "left", "rooms_version", "namespace")
    SOCKET_ID_FIELD_NUMBER: _ClassVar[int]
    JOINED_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    ROOMS_VERSION_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    socket_id: str
    joined: _containers.RepeatedScalarFieldContainer[str]
    left: _containers.RepeatedScalarFieldContainer[str]
    rooms_version: int
    namespace: str
    def __init__(self, socket_id: _Optional[str] = ..., joined: _Optional[_Iterable[str]] = ..., left: _Optional[_Iterable[str]] = ..., rooms_version: _Optional[int] = ..., namespace: _Optional[str] = ...) -> None: ...

class RoomPresence(_message.Message):
    __slots__ = ("namespace", "room", "hub_id")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    ROOM_FIELD_NUMBER: _ClassVar[int]
    HUB_ID_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    room: str
    hub_id: str
    def __init__(self, namespace: _Optional[str] = ..., room: _Optional[str] = ..., hub_id: _Optional[str] = ...) -> None: ...

class UserPresence(_message.Message):
    __slots__ = ("namespace", "user", "hub_id")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    HUB_ID_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    user: str
    hub_id: str
    def __init__(self, namespace: _Optional[str] = ..., user: _Optional[str] = ..., hub_id: _Optional[str] = ...) -> None: ...

class Upgraded(_message.Message):
    __slots__ = ("socket_id", "transport", "namespace")
    SOCKET_ID_FIELD_NUMBER: _ClassVar[int]
    TRANSPORT_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    socket_id: str
    transport: str
    namespace: str
    def __init__(self, socket_id: _Optional[str] = ..., transport: _Optional[str] = ..., namespace: _Optional[str] = ...) -> None: ...

class Hubs(_message.Message):
    __slots__ = ("hubs",)
    HUBS_FIELD_NUMBER: _ClassVar[int]
    hubs: _containers.RepeatedCompositeFieldContainer[HubInfo]
    def __init__(self, hubs: _Optional[_Iterable[_Union[HubInfo, _Mapping]]] = ...) -> None: ...

class Unhandled(_message.Message):
    __slots__ = ("namespace", "event")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    event: str
    def __init__(self, namespace: _Optional[str] = ..., event: _Optional[str] = ...) -> None: ...

class Revoked(_message.Message):
    __slots__ = ("delivery_seqs", "reason")
    DELIVERY_SEQS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    delivery_seqs: _containers.RepeatedScalarFieldContainer[int]
    reason: str
    def __init__(self, delivery_seqs: _Optional[_Iterable[int]] = ..., reason: _Optional[str] = ...) -> None: ...

class Released(_message.Message):
    __slots__ = ("socket_ids", "reason")
    SOCKET_IDS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    socket_ids: _containers.RepeatedScalarFieldContainer[str]
    reason: str
    def __init__(self, socket_ids: _Optional[_Iterable[str]] = ..., reason: _Optional[str] = ...) -> None: ...

class Ended(_message.Message):
    __slots__ = ("status",)
    STATUS_FIELD_NUMBER: _ClassVar[int]
    status: _status_pb2.Status
    def __init__(self, status: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...

class Drain(_message.Message):
    __slots__ = ("reason", "deadline")
    REASON_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_FIELD_NUMBER: _ClassVar[int]
    reason: str
    deadline: _timestamp_pb2.Timestamp
    def __init__(self, reason: _Optional[str] = ..., deadline: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
