from google.protobuf import timestamp_pb2 as _timestamp_pb2
from siohub._pb import socket_pb2 as _socket_pb2
from siohub._pb import target_pb2 as _target_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Fetch(_message.Message):
    __slots__ = ("target", "page_size", "include_handshake")
    TARGET_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_HANDSHAKE_FIELD_NUMBER: _ClassVar[int]
    target: _target_pb2.Target
    page_size: int
    include_handshake: bool
    def __init__(self, target: _Optional[_Union[_target_pb2.Target, _Mapping]] = ..., page_size: _Optional[int] = ..., include_handshake: bool = ...) -> None: ...

class SocketInfo(_message.Message):
    __slots__ = ("socket", "rooms", "connect_time", "handshake")
    SOCKET_FIELD_NUMBER: _ClassVar[int]
    ROOMS_FIELD_NUMBER: _ClassVar[int]
    CONNECT_TIME_FIELD_NUMBER: _ClassVar[int]
    HANDSHAKE_FIELD_NUMBER: _ClassVar[int]
    socket: _socket_pb2.Socket
    rooms: _containers.RepeatedScalarFieldContainer[str]
    connect_time: _timestamp_pb2.Timestamp
    handshake: _socket_pb2.Handshake
    def __init__(self, socket: _Optional[_Union[_socket_pb2.Socket, _Mapping]] = ..., rooms: _Optional[_Iterable[str]] = ..., connect_time: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., handshake: _Optional[_Union[_socket_pb2.Handshake, _Mapping]] = ...) -> None: ...

class Count(_message.Message):
    __slots__ = ("target",)
    TARGET_FIELD_NUMBER: _ClassVar[int]
    target: _target_pb2.Target
    def __init__(self, target: _Optional[_Union[_target_pb2.Target, _Mapping]] = ...) -> None: ...

class ListRooms(_message.Message):
    __slots__ = ("namespace", "prefix", "page_size", "page_token")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    prefix: str
    page_size: int
    page_token: str
    def __init__(self, namespace: _Optional[str] = ..., prefix: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class Room(_message.Message):
    __slots__ = ("name", "socket_count")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SOCKET_COUNT_FIELD_NUMBER: _ClassVar[int]
    name: str
    socket_count: int
    def __init__(self, name: _Optional[str] = ..., socket_count: _Optional[int] = ...) -> None: ...

class CountUsers(_message.Message):
    __slots__ = ("namespace",)
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    def __init__(self, namespace: _Optional[str] = ...) -> None: ...

class ListUsers(_message.Message):
    __slots__ = ("namespace", "prefix", "page_size", "page_token")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    prefix: str
    page_size: int
    page_token: str
    def __init__(self, namespace: _Optional[str] = ..., prefix: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class User(_message.Message):
    __slots__ = ("id", "socket_count")
    ID_FIELD_NUMBER: _ClassVar[int]
    SOCKET_COUNT_FIELD_NUMBER: _ClassVar[int]
    id: str
    socket_count: int
    def __init__(self, id: _Optional[str] = ..., socket_count: _Optional[int] = ...) -> None: ...
