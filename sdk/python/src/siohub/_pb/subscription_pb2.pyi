from google.protobuf import duration_pb2 as _duration_pb2
from siohub._pb import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Role(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLE_UNSPECIFIED: _ClassVar[Role]
    ROLE_AUTHORIZER: _ClassVar[Role]
    ROLE_HANDLER: _ClassVar[Role]
    ROLE_OBSERVER: _ClassVar[Role]

class Guarantee(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GUARANTEE_UNSPECIFIED: _ClassVar[Guarantee]
    GUARANTEE_AT_LEAST_ONCE: _ClassVar[Guarantee]
    GUARANTEE_AT_MOST_ONCE: _ClassVar[Guarantee]

class Ordering(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORDERING_UNSPECIFIED: _ClassVar[Ordering]
    ORDERING_PIPELINED: _ClassVar[Ordering]
    ORDERING_STRICT: _ClassVar[Ordering]

class Introduction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INTRODUCTION_UNSPECIFIED: _ClassVar[Introduction]
    INTRODUCTION_ON_CONNECT: _ClassVar[Introduction]
    INTRODUCTION_ON_EVENT: _ClassVar[Introduction]
    INTRODUCTION_ON_ATTACH: _ClassVar[Introduction]
    INTRODUCTION_ON_INSTANCE: _ClassVar[Introduction]

class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KIND_UNSPECIFIED: _ClassVar[Kind]
    KIND_CONNECTED: _ClassVar[Kind]
    KIND_EVENT: _ClassVar[Kind]
    KIND_DISCONNECTED: _ClassVar[Kind]
    KIND_ROOMS: _ClassVar[Kind]
    KIND_UPGRADED: _ClassVar[Kind]
    KIND_SERVICE_CALL: _ClassVar[Kind]
    KIND_USERS: _ClassVar[Kind]
    KIND_OCCUPANCY: _ClassVar[Kind]
    KIND_FAILED_CONNECTS: _ClassVar[Kind]
    KIND_DECISIONS: _ClassVar[Kind]
    KIND_EMITS: _ClassVar[Kind]
    KIND_DROPS: _ClassVar[Kind]

class HandshakeDetail(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HANDSHAKE_DETAIL_UNSPECIFIED: _ClassVar[HandshakeDetail]
    HANDSHAKE_DETAIL_NONE: _ClassVar[HandshakeDetail]
    HANDSHAKE_DETAIL_REDACTED: _ClassVar[HandshakeDetail]
    HANDSHAKE_DETAIL_FULL: _ClassVar[HandshakeDetail]

class SocketData(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SOCKET_DATA_UNSPECIFIED: _ClassVar[SocketData]
    SOCKET_DATA_ALWAYS: _ClassVar[SocketData]
    SOCKET_DATA_ON_CHANGE: _ClassVar[SocketData]
    SOCKET_DATA_NEVER: _ClassVar[SocketData]

class Overflow(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OVERFLOW_UNSPECIFIED: _ClassVar[Overflow]
    OVERFLOW_REJECT: _ClassVar[Overflow]
    OVERFLOW_DROP_OLDEST: _ClassVar[Overflow]
    OVERFLOW_DISCONNECT: _ClassVar[Overflow]
    OVERFLOW_PAUSE: _ClassVar[Overflow]
ROLE_UNSPECIFIED: Role
ROLE_AUTHORIZER: Role
ROLE_HANDLER: Role
ROLE_OBSERVER: Role
GUARANTEE_UNSPECIFIED: Guarantee
GUARANTEE_AT_LEAST_ONCE: Guarantee
GUARANTEE_AT_MOST_ONCE: Guarantee
ORDERING_UNSPECIFIED: Ordering
ORDERING_PIPELINED: Ordering
ORDERING_STRICT: Ordering
INTRODUCTION_UNSPECIFIED: Introduction
INTRODUCTION_ON_CONNECT: Introduction
INTRODUCTION_ON_EVENT: Introduction
INTRODUCTION_ON_ATTACH: Introduction
INTRODUCTION_ON_INSTANCE: Introduction
KIND_UNSPECIFIED: Kind
KIND_CONNECTED: Kind
KIND_EVENT: Kind
KIND_DISCONNECTED: Kind
KIND_ROOMS: Kind
KIND_UPGRADED: Kind
KIND_SERVICE_CALL: Kind
KIND_USERS: Kind
KIND_OCCUPANCY: Kind
KIND_FAILED_CONNECTS: Kind
KIND_DECISIONS: Kind
KIND_EMITS: Kind
KIND_DROPS: Kind
HANDSHAKE_DETAIL_UNSPECIFIED: HandshakeDetail
HANDSHAKE_DETAIL_NONE: HandshakeDetail
HANDSHAKE_DETAIL_REDACTED: HandshakeDetail
HANDSHAKE_DETAIL_FULL: HandshakeDetail
SOCKET_DATA_UNSPECIFIED: SocketData
SOCKET_DATA_ALWAYS: SocketData
SOCKET_DATA_ON_CHANGE: SocketData
SOCKET_DATA_NEVER: SocketData
OVERFLOW_UNSPECIFIED: Overflow
OVERFLOW_REJECT: Overflow
OVERFLOW_DROP_OLDEST: Overflow
OVERFLOW_DISCONNECT: Overflow
OVERFLOW_PAUSE: Overflow

class Subscription(_message.Message):
    __slots__ = ("role", "namespace", "events", "guarantee", "ordering", "introduction", "id", "kinds", "handshake", "settle_timeout", "overflow", "disconnect_grace", "socket_data", "rooms", "payloads", "sample", "users", "sockets", "introduce_moved")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    GUARANTEE_FIELD_NUMBER: _ClassVar[int]
    ORDERING_FIELD_NUMBER: _ClassVar[int]
    INTRODUCTION_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    HANDSHAKE_FIELD_NUMBER: _ClassVar[int]
    SETTLE_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    OVERFLOW_FIELD_NUMBER: _ClassVar[int]
    DISCONNECT_GRACE_FIELD_NUMBER: _ClassVar[int]
    SOCKET_DATA_FIELD_NUMBER: _ClassVar[int]
    ROOMS_FIELD_NUMBER: _ClassVar[int]
    PAYLOADS_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_FIELD_NUMBER: _ClassVar[int]
    USERS_FIELD_NUMBER: _ClassVar[int]
    SOCKETS_FIELD_NUMBER: _ClassVar[int]
    INTRODUCE_MOVED_FIELD_NUMBER: _ClassVar[int]
    role: Role
    namespace: str
    events: _containers.RepeatedScalarFieldContainer[str]
    guarantee: Guarantee
    ordering: Ordering
    introduction: Introduction
    id: int
    kinds: _containers.RepeatedScalarFieldContainer[Kind]
    handshake: HandshakeDetail
    settle_timeout: _duration_pb2.Duration
    overflow: Overflow
    disconnect_grace: _duration_pb2.Duration
    socket_data: SocketData
    rooms: _containers.RepeatedScalarFieldContainer[str]
    payloads: bool
    sample: int
    users: _containers.RepeatedScalarFieldContainer[str]
    sockets: _containers.RepeatedScalarFieldContainer[str]
    introduce_moved: bool
    def __init__(self, role: _Optional[_Union[Role, str]] = ..., namespace: _Optional[str] = ..., events: _Optional[_Iterable[str]] = ..., guarantee: _Optional[_Union[Guarantee, str]] = ..., ordering: _Optional[_Union[Ordering, str]] = ..., introduction: _Optional[_Union[Introduction, str]] = ..., id: _Optional[int] = ..., kinds: _Optional[_Iterable[_Union[Kind, str]]] = ..., handshake: _Optional[_Union[HandshakeDetail, str]] = ..., settle_timeout: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., overflow: _Optional[_Union[Overflow, str]] = ..., disconnect_grace: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., socket_data: _Optional[_Union[SocketData, str]] = ..., rooms: _Optional[_Iterable[str]] = ..., payloads: bool = ..., sample: _Optional[int] = ..., users: _Optional[_Iterable[str]] = ..., sockets: _Optional[_Iterable[str]] = ..., introduce_moved: bool = ...) -> None: ...

class SubscriptionResult(_message.Message):
    __slots__ = ("status", "effective", "warnings")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    status: _status_pb2.Status
    effective: Subscription
    warnings: _containers.RepeatedCompositeFieldContainer[_status_pb2.Status]
    def __init__(self, status: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., effective: _Optional[_Union[Subscription, _Mapping]] = ..., warnings: _Optional[_Iterable[_Union[_status_pb2.Status, _Mapping]]] = ...) -> None: ...
