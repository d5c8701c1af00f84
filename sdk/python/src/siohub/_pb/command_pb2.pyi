from google.protobuf import duration_pb2 as _duration_pb2
from siohub._pb import query_pb2 as _query_pb2
from siohub._pb import socket_pb2 as _socket_pb2
from siohub._pb import status_pb2 as _status_pb2
from siohub._pb import target_pb2 as _target_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AckMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACK_MODE_UNSPECIFIED: _ClassVar[AckMode]
    ACK_MODE_TOTAL: _ClassVar[AckMode]
    ACK_MODE_EACH: _ClassVar[AckMode]
ACK_MODE_UNSPECIFIED: AckMode
ACK_MODE_TOTAL: AckMode
ACK_MODE_EACH: AckMode

class Command(_message.Message):
    __slots__ = ("command_id", "delivery_seq", "idempotency_key", "traceparent", "tracestate", "emit", "update_rooms", "disconnect", "set_data", "call", "revoke", "acknowledge", "fetch", "count", "list_rooms", "count_users", "list_users")
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_SEQ_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    TRACESTATE_FIELD_NUMBER: _ClassVar[int]
    EMIT_FIELD_NUMBER: _ClassVar[int]
    UPDATE_ROOMS_FIELD_NUMBER: _ClassVar[int]
    DISCONNECT_FIELD_NUMBER: _ClassVar[int]
    SET_DATA_FIELD_NUMBER: _ClassVar[int]
    CALL_FIELD_NUMBER: _ClassVar[int]
    REVOKE_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGE_FIELD_NUMBER: _ClassVar[int]
    FETCH_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    LIST_ROOMS_FIELD_NUMBER: _ClassVar[int]
    COUNT_USERS_FIELD_NUMBER: _ClassVar[int]
    LIST_USERS_FIELD_NUMBER: _ClassVar[int]
    command_id: int
    delivery_seq: int
    idempotency_key: str
    traceparent: str
    tracestate: str
    emit: Emit
    update_rooms: UpdateRooms
    disconnect: Disconnect
    set_data: SetData
    call: Call
    revoke: Revoke
    acknowledge: Acknowledge
    fetch: _query_pb2.Fetch
    count: _query_pb2.Count
    list_rooms: _query_pb2.ListRooms
    count_users: _query_pb2.CountUsers
    list_users: _query_pb2.ListUsers
    def __init__(self, command_id: _Optional[int] = ..., delivery_seq: _Optional[int] = ..., idempotency_key: _Optional[str] = ..., traceparent: _Optional[str] = ..., tracestate: _Optional[str] = ..., emit: _Optional[_Union[Emit, _Mapping]] = ..., update_rooms: _Optional[_Union[UpdateRooms, _Mapping]] = ..., disconnect: _Optional[_Union[Disconnect, _Mapping]] = ..., set_data: _Optional[_Union[SetData, _Mapping]] = ..., call: _Optional[_Union[Call, _Mapping]] = ..., revoke: _Optional[_Union[Revoke, _Mapping]] = ..., acknowledge: _Optional[_Union[Acknowledge, _Mapping]] = ..., fetch: _Optional[_Union[_query_pb2.Fetch, _Mapping]] = ..., count: _Optional[_Union[_query_pb2.Count, _Mapping]] = ..., list_rooms: _Optional[_Union[_query_pb2.ListRooms, _Mapping]] = ..., count_users: _Optional[_Union[_query_pb2.CountUsers, _Mapping]] = ..., list_users: _Optional[_Union[_query_pb2.ListUsers, _Mapping]] = ...) -> None: ...

class Emit(_message.Message):
    __slots__ = ("target", "event", "payload", "volatile", "no_compress", "ack", "local")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    VOLATILE_FIELD_NUMBER: _ClassVar[int]
    NO_COMPRESS_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    LOCAL_FIELD_NUMBER: _ClassVar[int]
    target: _target_pb2.Target
    event: str
    payload: _socket_pb2.Payload
    volatile: bool
    no_compress: bool
    ack: AckRequest
    local: bool
    def __init__(self, target: _Optional[_Union[_target_pb2.Target, _Mapping]] = ..., event: _Optional[str] = ..., payload: _Optional[_Union[_socket_pb2.Payload, _Mapping]] = ..., volatile: bool = ..., no_compress: bool = ..., ack: _Optional[_Union[AckRequest, _Mapping]] = ..., local: bool = ...) -> None: ...

class AckRequest(_message.Message):
    __slots__ = ("timeout", "mode")
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    timeout: _duration_pb2.Duration
    mode: AckMode
    def __init__(self, timeout: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ..., mode: _Optional[_Union[AckMode, str]] = ...) -> None: ...

class UpdateRooms(_message.Message):
    __slots__ = ("target", "join", "leave")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    JOIN_FIELD_NUMBER: _ClassVar[int]
    LEAVE_FIELD_NUMBER: _ClassVar[int]
    target: _target_pb2.Target
    join: _containers.RepeatedScalarFieldContainer[str]
    leave: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, target: _Optional[_Union[_target_pb2.Target, _Mapping]] = ..., join: _Optional[_Iterable[str]] = ..., leave: _Optional[_Iterable[str]] = ...) -> None: ...

class Disconnect(_message.Message):
    __slots__ = ("target", "close_transport")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    CLOSE_TRANSPORT_FIELD_NUMBER: _ClassVar[int]
    target: _target_pb2.Target
    close_transport: bool
    def __init__(self, target: _Optional[_Union[_target_pb2.Target, _Mapping]] = ..., close_transport: bool = ...) -> None: ...

class SetData(_message.Message):
    __slots__ = ("target", "data", "expected_version", "merge")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    MERGE_FIELD_NUMBER: _ClassVar[int]
    target: _target_pb2.Target
    data: bytes
    expected_version: int
    merge: bool
    def __init__(self, target: _Optional[_Union[_target_pb2.Target, _Mapping]] = ..., data: _Optional[bytes] = ..., expected_version: _Optional[int] = ..., merge: bool = ...) -> None: ...

class Call(_message.Message):
    __slots__ = ("group", "namespace", "name", "payload", "timeout")
    GROUP_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    group: str
    namespace: str
    name: str
    payload: _socket_pb2.Payload
    timeout: _duration_pb2.Duration
    def __init__(self, group: _Optional[str] = ..., namespace: _Optional[str] = ..., name: _Optional[str] = ..., payload: _Optional[_Union[_socket_pb2.Payload, _Mapping]] = ..., timeout: _Optional[_Union[_duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Revoke(_message.Message):
    __slots__ = ("users", "sockets")
    USERS_FIELD_NUMBER: _ClassVar[int]
    SOCKETS_FIELD_NUMBER: _ClassVar[int]
    users: _containers.RepeatedScalarFieldContainer[str]
    sockets: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, users: _Optional[_Iterable[str]] = ..., sockets: _Optional[_Iterable[str]] = ...) -> None: ...

class Acknowledge(_message.Message):
    __slots__ = ("dedupe_id", "payload")
    DEDUPE_ID_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    dedupe_id: bytes
    payload: _socket_pb2.Payload
    def __init__(self, dedupe_id: _Optional[bytes] = ..., payload: _Optional[_Union[_socket_pb2.Payload, _Mapping]] = ...) -> None: ...

class Result(_message.Message):
    __slots__ = ("command_id", "delivery_seq", "status", "matched_count", "queued_count", "dropped_count", "duplicate", "browser_ack", "ack_total", "call_answer", "call_total", "more", "data_version", "missing_hub_ids", "sockets", "count", "rooms", "stored_count", "users")
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_SEQ_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    MATCHED_COUNT_FIELD_NUMBER: _ClassVar[int]
    QUEUED_COUNT_FIELD_NUMBER: _ClassVar[int]
    DROPPED_COUNT_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE_FIELD_NUMBER: _ClassVar[int]
    BROWSER_ACK_FIELD_NUMBER: _ClassVar[int]
    ACK_TOTAL_FIELD_NUMBER: _ClassVar[int]
    CALL_ANSWER_FIELD_NUMBER: _ClassVar[int]
    CALL_TOTAL_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    DATA_VERSION_FIELD_NUMBER: _ClassVar[int]
    MISSING_HUB_IDS_FIELD_NUMBER: _ClassVar[int]
    SOCKETS_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    ROOMS_FIELD_NUMBER: _ClassVar[int]
    STORED_COUNT_FIELD_NUMBER: _ClassVar[int]
    USERS_FIELD_NUMBER: _ClassVar[int]
    command_id: int
    delivery_seq: int
    status: _status_pb2.Status
    matched_count: int
    queued_count: int
    dropped_count: int
    duplicate: bool
    browser_ack: BrowserAck
    ack_total: AckTotal
    call_answer: CallAnswer
    call_total: CallTotal
    more: bool
    data_version: int
    missing_hub_ids: _containers.RepeatedScalarFieldContainer[str]
    sockets: _containers.RepeatedCompositeFieldContainer[_query_pb2.SocketInfo]
    count: int
    rooms: _containers.RepeatedCompositeFieldContainer[_query_pb2.Room]
    stored_count: int
    users: _containers.RepeatedCompositeFieldContainer[_query_pb2.User]
    def __init__(self, command_id: _Optional[int] = ..., delivery_seq: _Optional[int] = ..., status: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., matched_count: _Optional[int] = ..., queued_count: _Optional[int] = ..., dropped_count: _Optional[int] = ..., duplicate: bool = ..., browser_ack: _Optional[_Union[BrowserAck, _Mapping]] = ..., ack_total: _Optional[_Union[AckTotal, _Mapping]] = ..., call_answer: _Optional[_Union[CallAnswer, _Mapping]] = ..., call_total: _Optional[_Union[CallTotal, _Mapping]] = ..., more: bool = ..., data_version: _Optional[int] = ..., missing_hub_ids: _Optional[_Iterable[str]] = ..., sockets: _Optional[_Iterable[_Union[_query_pb2.SocketInfo, _Mapping]]] = ..., count: _Optional[int] = ..., rooms: _Optional[_Iterable[_Union[_query_pb2.Room, _Mapping]]] = ..., stored_count: _Optional[int] = ..., users: _Optional[_Iterable[_Union[_query_pb2.User, _Mapping]]] = ...) -> None: ...

class BrowserAck(_message.Message):
    __slots__ = ("socket_id", "payload")
    SOCKET_ID_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    socket_id: str
    payload: _socket_pb2.Payload
    def __init__(self, socket_id: _Optional[str] = ..., payload: _Optional[_Union[_socket_pb2.Payload, _Mapping]] = ...) -> None: ...

class AckTotal(_message.Message):
    __slots__ = ("expected_count", "acked_count", "timed_out_count", "disconnected_count", "acks", "omitted_count")
    EXPECTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    ACKED_COUNT_FIELD_NUMBER: _ClassVar[int]
    TIMED_OUT_COUNT_FIELD_NUMBER: _ClassVar[int]
    DISCONNECTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    ACKS_FIELD_NUMBER: _ClassVar[int]
    OMITTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    expected_count: int
    acked_count: int
    timed_out_count: int
    disconnected_count: int
    acks: _containers.RepeatedCompositeFieldContainer[BrowserAck]
    omitted_count: int
    def __init__(self, expected_count: _Optional[int] = ..., acked_count: _Optional[int] = ..., timed_out_count: _Optional[int] = ..., disconnected_count: _Optional[int] = ..., acks: _Optional[_Iterable[_Union[BrowserAck, _Mapping]]] = ..., omitted_count: _Optional[int] = ...) -> None: ...

class CallAnswer(_message.Message):
    __slots__ = ("group", "instance_id", "payload", "status")
    GROUP_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    group: str
    instance_id: str
    payload: _socket_pb2.Payload
    status: _status_pb2.Status
    def __init__(self, group: _Optional[str] = ..., instance_id: _Optional[str] = ..., payload: _Optional[_Union[_socket_pb2.Payload, _Mapping]] = ..., status: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...

class CallTotal(_message.Message):
    __slots__ = ("expected_count", "answered_count", "failed_count", "timed_out_count", "answers")
    EXPECTED_COUNT_FIELD_NUMBER: _ClassVar[int]
    ANSWERED_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILED_COUNT_FIELD_NUMBER: _ClassVar[int]
    TIMED_OUT_COUNT_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    expected_count: int
    answered_count: int
    failed_count: int
    timed_out_count: int
    answers: _containers.RepeatedCompositeFieldContainer[CallAnswer]
    def __init__(self, expected_count: _Optional[int] = ..., answered_count: _Optional[int] = ..., failed_count: _Optional[int] = ..., timed_out_count: _Optional[int] = ..., answers: _Optional[_Iterable[_Union[CallAnswer, _Mapping]]] = ...) -> None: ...
