from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Socket(_message.Message):
    __slots__ = ("id", "namespace", "user", "data", "data_version", "hub_id", "transport", "client_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    DATA_VERSION_FIELD_NUMBER: _ClassVar[int]
    HUB_ID_FIELD_NUMBER: _ClassVar[int]
    TRANSPORT_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    id: str
    namespace: str
    user: str
    data: bytes
    data_version: int
    hub_id: str
    transport: str
    client_id: str
    def __init__(self, id: _Optional[str] = ..., namespace: _Optional[str] = ..., user: _Optional[str] = ..., data: _Optional[bytes] = ..., data_version: _Optional[int] = ..., hub_id: _Optional[str] = ..., transport: _Optional[str] = ..., client_id: _Optional[str] = ...) -> None: ...

class Payload(_message.Message):
    __slots__ = ("args", "attachments")
    ARGS_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENTS_FIELD_NUMBER: _ClassVar[int]
    args: bytes
    attachments: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, args: _Optional[bytes] = ..., attachments: _Optional[_Iterable[bytes]] = ...) -> None: ...

class Header(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class QueryParameter(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class Handshake(_message.Message):
    __slots__ = ("url", "headers", "query", "remote_address", "origin", "transport", "protocol_version", "secure", "issue_time")
    URL_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    REMOTE_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    TRANSPORT_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_VERSION_FIELD_NUMBER: _ClassVar[int]
    SECURE_FIELD_NUMBER: _ClassVar[int]
    ISSUE_TIME_FIELD_NUMBER: _ClassVar[int]
    url: str
    headers: _containers.RepeatedCompositeFieldContainer[Header]
    query: _containers.RepeatedCompositeFieldContainer[QueryParameter]
    remote_address: str
    origin: str
    transport: str
    protocol_version: int
    secure: bool
    issue_time: _timestamp_pb2.Timestamp
    def __init__(self, url: _Optional[str] = ..., headers: _Optional[_Iterable[_Union[Header, _Mapping]]] = ..., query: _Optional[_Iterable[_Union[QueryParameter, _Mapping]]] = ..., remote_address: _Optional[str] = ..., origin: _Optional[str] = ..., transport: _Optional[str] = ..., protocol_version: _Optional[int] = ..., secure: bool = ..., issue_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
