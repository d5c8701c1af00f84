from google.protobuf import timestamp_pb2 as _timestamp_pb2
from siohub._pb import command_pb2 as _command_pb2
from siohub._pb import delivery_pb2 as _delivery_pb2
from siohub._pb import socket_pb2 as _socket_pb2
from siohub._pb import subscription_pb2 as _subscription_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Observation(_message.Message):
    __slots__ = ("subscription_id", "gap", "time", "kind", "socket", "connected", "event", "disconnected", "decision", "emitted", "failed_connect", "dropped")
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    GAP_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SOCKET_FIELD_NUMBER: _ClassVar[int]
    CONNECTED_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    DISCONNECTED_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    EMITTED_FIELD_NUMBER: _ClassVar[int]
    FAILED_CONNECT_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    subscription_id: int
    gap: int
    time: _timestamp_pb2.Timestamp
    kind: _subscription_pb2.Kind
    socket: _socket_pb2.Socket
    connected: _delivery_pb2.Connected
    event: _delivery_pb2.Event
    disconnected: _delivery_pb2.Disconnected
    decision: Decision
    emitted: Emitted
    failed_connect: FailedConnect
    dropped: Dropped
    def __init__(self, subscription_id: _Optional[int] = ..., gap: _Optional[int] = ..., time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., kind: _Optional[_Union[_subscription_pb2.Kind, str]] = ..., socket: _Optional[_Union[_socket_pb2.Socket, _Mapping]] = ..., connected: _Optional[_Union[_delivery_pb2.Connected, _Mapping]] = ..., event: _Optional[_Union[_delivery_pb2.Event, _Mapping]] = ..., disconnected: _Optional[_Union[_delivery_pb2.Disconnected, _Mapping]] = ..., decision: _Optional[_Union[Decision, _Mapping]] = ..., emitted: _Optional[_Union[Emitted, _Mapping]] = ..., failed_connect: _Optional[_Union[FailedConnect, _Mapping]] = ..., dropped: _Optional[_Union[Dropped, _Mapping]] = ...) -> None: ...

class Decision(_message.Message):
    __slots__ = ("outcome", "group", "by", "message")
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    outcome: str
    group: str
    by: str
    message: str
    def __init__(self, outcome: _Optional[str] = ..., group: _Optional[str] = ..., by: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class Emitted(_message.Message):
    __slots__ = ("emit", "group", "matched_count", "queued_count", "dropped_count")
    EMIT_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    MATCHED_COUNT_FIELD_NUMBER: _ClassVar[int]
    QUEUED_COUNT_FIELD_NUMBER: _ClassVar[int]
    DROPPED_COUNT_FIELD_NUMBER: _ClassVar[int]
    emit: _command_pb2.Emit
    group: str
    matched_count: int
    queued_count: int
    dropped_count: int
    def __init__(self, emit: _Optional[_Union[_command_pb2.Emit, _Mapping]] = ..., group: _Optional[str] = ..., matched_count: _Optional[int] = ..., queued_count: _Optional[int] = ..., dropped_count: _Optional[int] = ...) -> None: ...

class FailedConnect(_message.Message):
    __slots__ = ("code", "reason", "origin", "remote_address", "namespace")
    CODE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    REMOTE_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    code: int
    reason: str
    origin: str
    remote_address: str
    namespace: str
    def __init__(self, code: _Optional[int] = ..., reason: _Optional[str] = ..., origin: _Optional[str] = ..., remote_address: _Optional[str] = ..., namespace: _Optional[str] = ...) -> None: ...

class Dropped(_message.Message):
    __slots__ = ("kind", "reason", "event", "group")
    KIND_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    kind: _subscription_pb2.Kind
    reason: str
    event: str
    group: str
    def __init__(self, kind: _Optional[_Union[_subscription_pb2.Kind, str]] = ..., reason: _Optional[str] = ..., event: _Optional[str] = ..., group: _Optional[str] = ...) -> None: ...
