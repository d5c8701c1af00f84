from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from siohub._pb import socket_pb2 as _socket_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Delivery(_message.Message):
    __slots__ = ("delivery_seq", "dedupe_id", "attempt", "socket", "settle_timeout", "subscription_id", "traceparent", "tracestate", "connect_attempt", "connected", "event", "disconnected", "auth_expiring", "service_call")
    DELIVERY_SEQ_FIELD_NUMBER: _ClassVar[int]
    DEDUPE_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    SOCKET_FIELD_NUMBER: _ClassVar[int]
    SETTLE_TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIPTION_ID_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    TRACESTATE_FIELD_NUMBER: _ClassVar[int]
    CONNECT_ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    CONNECTED_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    DISCONNECTED_FIELD_NUMBER: _ClassVar[int]
    AUTH_EXPIRING_FIELD_NUMBER: _ClassVar[int]
    SERVICE_CALL_FIELD_NUMBER: _ClassVar[int]
    delivery_seq: int
    dedupe_id: bytes
    attempt: int
    socket: _socket_pb2.Socket
    settle_timeout: _duration_pb2.Duration
    subscription_id: int
    traceparent: str
    tracestate: str
    connect_attempt: ConnectAttempt
    connected: Connected
    event: Event
    disconnected: Disconnected
    auth_expiring: AuthExpiring
    service_call: ServiceCall
    def __init__(self, delivery_seq: _Optional[int] = ..., dedupe_id: _Optional[bytes] = ..., attempt: _Optional[int] = ..., socket: _Optional[_Union[_socket_pb2.Socket, _Mapping]] = ..., settle_timeout: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., subscription_id: _Optional[int] = ..., traceparent: _Optional[str] = ..., tracestate: _Optional[str] = ..., connect_attempt: _Optional[_Union[ConnectAttempt, _Mapping]] = ..., connected: _Optional[_Union[Connected, _Mapping]] = ..., event: _Optional[_Union[Event, _Mapping]] = ..., disconnected: _Optional[_Union[Disconnected, _Mapping]] = ..., auth_expiring: _Optional[_Union[AuthExpiring, _Mapping]] = ..., service_call: _Optional[_Union[ServiceCall, _Mapping]] = ...) -> None: ...

class ConnectAttempt(_message.Message):
    __slots__ = ("handshake", "auth", "recovery")
    HANDSHAKE_FIELD_NUMBER: _ClassVar[int]
    AUTH_FIELD_NUMBER: _ClassVar[int]
    RECOVERY_FIELD_NUMBER: _ClassVar[int]
    handshake: _socket_pb2.Handshake
    auth: bytes
    recovery: Recovery
    def __init__(self, handshake: _Optional[_Union[_socket_pb2.Handshake, _Mapping]] = ..., auth: _Optional[bytes] = ..., recovery: _Optional[_Union[Recovery, _Mapping]] = ...) -> None: ...

class Recovery(_message.Message):
    __slots__ = ("user", "rooms", "disconnect_time")
    USER_FIELD_NUMBER: _ClassVar[int]
    ROOMS_FIELD_NUMBER: _ClassVar[int]
    DISCONNECT_TIME_FIELD_NUMBER: _ClassVar[int]
    user: str
    rooms: _containers.RepeatedScalarFieldContainer[str]
    disconnect_time: _timestamp_pb2.Timestamp
    def __init__(self, user: _Optional[str] = ..., rooms: _Optional[_Iterable[str]] = ..., disconnect_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Connected(_message.Message):
    __slots__ = ("handshake", "connect_time", "late", "rooms", "recovered", "moved", "auth", "rooms_version", "rooms_left_out")
    HANDSHAKE_FIELD_NUMBER: _ClassVar[int]
    CONNECT_TIME_FIELD_NUMBER: _ClassVar[int]
    LATE_FIELD_NUMBER: _ClassVar[int]
    ROOMS_FIELD_NUMBER: _ClassVar[int]
    RECOVERED_FIELD_NUMBER: _ClassVar[int]
    MOVED_FIELD_NUMBER: _ClassVar[int]
    AUTH_FIELD_NUMBER: _ClassVar[int]
    ROOMS_VERSION_FIELD_NUMBER: _ClassVar[int]
    ROOMS_LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    handshake: _socket_pb2.Handshake
    connect_time: _timestamp_pb2.Timestamp
    late: bool
    rooms: _containers.RepeatedScalarFieldContainer[str]
    recovered: bool
    moved: bool
    auth: bytes
    rooms_version: int
    rooms_left_out: int
    def __init__(self, handshake: _Optional[_Union[_socket_pb2.Handshake, _Mapping]] = ..., connect_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., late: bool = ..., rooms: _Optional[_Iterable[str]] = ..., recovered: bool = ..., moved: bool = ..., auth: _Optional[bytes] = ..., rooms_version: _Optional[int] = ..., rooms_left_out: _Optional[int] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("name", "payload", "wants_ack", "receive_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    WANTS_ACK_FIELD_NUMBER: _ClassVar[int]
    RECEIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    payload: _socket_pb2.Payload
    wants_ack: bool
    receive_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., payload: _Optional[_Union[_socket_pb2.Payload, _Mapping]] = ..., wants_ack: bool = ..., receive_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Disconnected(_message.Message):
    __slots__ = ("reason", "close_code", "detail", "rooms", "disconnect_time", "recoverable_until", "rooms_left_out")
    REASON_FIELD_NUMBER: _ClassVar[int]
    CLOSE_CODE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    ROOMS_FIELD_NUMBER: _ClassVar[int]
    DISCONNECT_TIME_FIELD_NUMBER: _ClassVar[int]
    RECOVERABLE_UNTIL_FIELD_NUMBER: _ClassVar[int]
    ROOMS_LEFT_OUT_FIELD_NUMBER: _ClassVar[int]
    reason: str
    close_code: int
    detail: str
    rooms: _containers.RepeatedScalarFieldContainer[str]
    disconnect_time: _timestamp_pb2.Timestamp
    recoverable_until: _timestamp_pb2.Timestamp
    rooms_left_out: int
    def __init__(self, reason: _Optional[str] = ..., close_code: _Optional[int] = ..., detail: _Optional[str] = ..., rooms: _Optional[_Iterable[str]] = ..., disconnect_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., recoverable_until: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., rooms_left_out: _Optional[int] = ...) -> None: ...

class AuthExpiring(_message.Message):
    __slots__ = ("expire_time",)
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, expire_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ServiceCall(_message.Message):
    __slots__ = ("group", "namespace", "name", "payload", "wants_answer", "timeout")
    GROUP_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    WANTS_ANSWER_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    group: str
    namespace: str
    name: str
    payload: _socket_pb2.Payload
    wants_answer: bool
    timeout: _duration_pb2.Duration
    def __init__(self, group: _Optional[str] = ..., namespace: _Optional[str] = ..., name: _Optional[str] = ..., payload: _Optional[_Union[_socket_pb2.Payload, _Mapping]] = ..., wants_answer: bool = ..., timeout: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...
