from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from siohub._pb import command_pb2 as _command_pb2
from siohub._pb import socket_pb2 as _socket_pb2
from siohub._pb import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DenyReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DENY_REASON_UNSPECIFIED: _ClassVar[DenyReason]
    DENY_REASON_NAMESPACE_UNKNOWN: _ClassVar[DenyReason]
DENY_REASON_UNSPECIFIED: DenyReason
DENY_REASON_NAMESPACE_UNKNOWN: DenyReason

class Settlement(_message.Message):
    __slots__ = ("delivery_seq", "done", "reply", "accept", "deny", "nack", "commands")
    DELIVERY_SEQ_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    REPLY_FIELD_NUMBER: _ClassVar[int]
    ACCEPT_FIELD_NUMBER: _ClassVar[int]
    DENY_FIELD_NUMBER: _ClassVar[int]
    NACK_FIELD_NUMBER: _ClassVar[int]
    COMMANDS_FIELD_NUMBER: _ClassVar[int]
    delivery_seq: int
    done: Done
    reply: Reply
    accept: Accept
    deny: Deny
    nack: Nack
    commands: _containers.RepeatedCompositeFieldContainer[_command_pb2.Command]
    def __init__(self, delivery_seq: _Optional[int] = ..., done: _Optional[_Union[Done, _Mapping]] = ..., reply: _Optional[_Union[Reply, _Mapping]] = ..., accept: _Optional[_Union[Accept, _Mapping]] = ..., deny: _Optional[_Union[Deny, _Mapping]] = ..., nack: _Optional[_Union[Nack, _Mapping]] = ..., commands: _Optional[_Iterable[_Union[_command_pb2.Command, _Mapping]]] = ...) -> None: ...

class Done(_message.Message):
    __slots__ = ("ack_later",)
    ACK_LATER_FIELD_NUMBER: _ClassVar[int]
    ack_later: bool
    def __init__(self, ack_later: bool = ...) -> None: ...

class Reply(_message.Message):
    __slots__ = ("payload",)
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    payload: _socket_pb2.Payload
    def __init__(self, payload: _Optional[_Union[_socket_pb2.Payload, _Mapping]] = ...) -> None: ...

class Accept(_message.Message):
    __slots__ = ("user", "rooms", "data", "expire_time", "refresh_before", "policy", "keep_auth", "cache")
    USER_FIELD_NUMBER: _ClassVar[int]
    ROOMS_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    REFRESH_BEFORE_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    KEEP_AUTH_FIELD_NUMBER: _ClassVar[int]
    CACHE_FIELD_NUMBER: _ClassVar[int]
    user: str
    rooms: _containers.RepeatedScalarFieldContainer[str]
    data: bytes
    expire_time: _timestamp_pb2.Timestamp
    refresh_before: _duration_pb2.Duration
    policy: EdgePolicy
    keep_auth: bool
    cache: DecisionCache
    def __init__(self, user: _Optional[str] = ..., rooms: _Optional[_Iterable[str]] = ..., data: _Optional[bytes] = ..., expire_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., refresh_before: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., policy: _Optional[_Union[EdgePolicy, _Mapping]] = ..., keep_auth: bool = ..., cache: _Optional[_Union[DecisionCache, _Mapping]] = ...) -> None: ...

class EdgePolicy(_message.Message):
    __slots__ = ("events", "events_per_second", "burst", "bytes_per_second")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    EVENTS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    BURST_FIELD_NUMBER: _ClassVar[int]
    BYTES_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedScalarFieldContainer[str]
    events_per_second: int
    burst: int
    bytes_per_second: int
    def __init__(self, events: _Optional[_Iterable[str]] = ..., events_per_second: _Optional[int] = ..., burst: _Optional[int] = ..., bytes_per_second: _Optional[int] = ...) -> None: ...

class DecisionCache(_message.Message):
    __slots__ = ("headers", "max_age")
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    MAX_AGE_FIELD_NUMBER: _ClassVar[int]
    headers: _containers.RepeatedScalarFieldContainer[str]
    max_age: _duration_pb2.Duration
    def __init__(self, headers: _Optional[_Iterable[str]] = ..., max_age: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Deny(_message.Message):
    __slots__ = ("message", "data", "reason")
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    message: str
    data: bytes
    reason: DenyReason
    def __init__(self, message: _Optional[str] = ..., data: _Optional[bytes] = ..., reason: _Optional[_Union[DenyReason, str]] = ...) -> None: ...

class Nack(_message.Message):
    __slots__ = ("status", "retry", "retry_delay", "elsewhere")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    RETRY_FIELD_NUMBER: _ClassVar[int]
    RETRY_DELAY_FIELD_NUMBER: _ClassVar[int]
    ELSEWHERE_FIELD_NUMBER: _ClassVar[int]
    status: _status_pb2.Status
    retry: bool
    retry_delay: _duration_pb2.Duration
    elsewhere: bool
    def __init__(self, status: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., retry: bool = ..., retry_delay: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., elsewhere: bool = ...) -> None: ...
