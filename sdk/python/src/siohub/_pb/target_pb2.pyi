from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Target(_message.Message):
    __slots__ = ("namespace", "sockets", "rooms", "users", "all", "except_sockets", "except_rooms", "except_users")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    SOCKETS_FIELD_NUMBER: _ClassVar[int]
    ROOMS_FIELD_NUMBER: _ClassVar[int]
    USERS_FIELD_NUMBER: _ClassVar[int]
    ALL_FIELD_NUMBER: _ClassVar[int]
    EXCEPT_SOCKETS_FIELD_NUMBER: _ClassVar[int]
    EXCEPT_ROOMS_FIELD_NUMBER: _ClassVar[int]
    EXCEPT_USERS_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    sockets: _containers.RepeatedScalarFieldContainer[str]
    rooms: _containers.RepeatedScalarFieldContainer[str]
    users: _containers.RepeatedScalarFieldContainer[str]
    all: bool
    except_sockets: _containers.RepeatedScalarFieldContainer[str]
    except_rooms: _containers.RepeatedScalarFieldContainer[str]
    except_users: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, namespace: _Optional[str] = ..., sockets: _Optional[_Iterable[str]] = ..., rooms: _Optional[_Iterable[str]] = ..., users: _Optional[_Iterable[str]] = ..., all: bool = ..., except_sockets: _Optional[_Iterable[str]] = ..., except_rooms: _Optional[_Iterable[str]] = ..., except_users: _Optional[_Iterable[str]] = ...) -> None: ...
