from siohub._pb import command_pb2 as _command_pb2
from siohub._pb import query_pb2 as _query_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExecuteRequest(_message.Message):
    __slots__ = ("commands", "stop_on_error")
    COMMANDS_FIELD_NUMBER: _ClassVar[int]
    STOP_ON_ERROR_FIELD_NUMBER: _ClassVar[int]
    commands: _containers.RepeatedCompositeFieldContainer[_command_pb2.Command]
    stop_on_error: bool
    def __init__(self, commands: _Optional[_Iterable[_Union[_command_pb2.Command, _Mapping]]] = ..., stop_on_error: bool = ...) -> None: ...

class ExecuteResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[_command_pb2.Result]
    def __init__(self, results: _Optional[_Iterable[_Union[_command_pb2.Result, _Mapping]]] = ...) -> None: ...

class EmitWithAckRequest(_message.Message):
    __slots__ = ("command",)
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    command: _command_pb2.Command
    def __init__(self, command: _Optional[_Union[_command_pb2.Command, _Mapping]] = ...) -> None: ...

class EmitWithAckResponse(_message.Message):
    __slots__ = ("result",)
    RESULT_FIELD_NUMBER: _ClassVar[int]
    result: _command_pb2.Result
    def __init__(self, result: _Optional[_Union[_command_pb2.Result, _Mapping]] = ...) -> None: ...

class FetchSocketsRequest(_message.Message):
    __slots__ = ("fetch",)
    FETCH_FIELD_NUMBER: _ClassVar[int]
    fetch: _query_pb2.Fetch
    def __init__(self, fetch: _Optional[_Union[_query_pb2.Fetch, _Mapping]] = ...) -> None: ...

class FetchSocketsResponse(_message.Message):
    __slots__ = ("sockets", "missing_hub_ids")
    SOCKETS_FIELD_NUMBER: _ClassVar[int]
    MISSING_HUB_IDS_FIELD_NUMBER: _ClassVar[int]
    sockets: _containers.RepeatedCompositeFieldContainer[_query_pb2.SocketInfo]
    missing_hub_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, sockets: _Optional[_Iterable[_Union[_query_pb2.SocketInfo, _Mapping]]] = ..., missing_hub_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class CountSocketsRequest(_message.Message):
    __slots__ = ("count",)
    COUNT_FIELD_NUMBER: _ClassVar[int]
    count: _query_pb2.Count
    def __init__(self, count: _Optional[_Union[_query_pb2.Count, _Mapping]] = ...) -> None: ...

class CountSocketsResponse(_message.Message):
    __slots__ = ("count", "missing_hub_ids")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    MISSING_HUB_IDS_FIELD_NUMBER: _ClassVar[int]
    count: int
    missing_hub_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, count: _Optional[int] = ..., missing_hub_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class ListRoomsRequest(_message.Message):
    __slots__ = ("list_rooms",)
    LIST_ROOMS_FIELD_NUMBER: _ClassVar[int]
    list_rooms: _query_pb2.ListRooms
    def __init__(self, list_rooms: _Optional[_Union[_query_pb2.ListRooms, _Mapping]] = ...) -> None: ...

class ListRoomsResponse(_message.Message):
    __slots__ = ("rooms", "next_page_token", "missing_hub_ids")
    ROOMS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MISSING_HUB_IDS_FIELD_NUMBER: _ClassVar[int]
    rooms: _containers.RepeatedCompositeFieldContainer[_query_pb2.Room]
    next_page_token: str
    missing_hub_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, rooms: _Optional[_Iterable[_Union[_query_pb2.Room, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., missing_hub_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class CountUsersRequest(_message.Message):
    __slots__ = ("count_users",)
    COUNT_USERS_FIELD_NUMBER: _ClassVar[int]
    count_users: _query_pb2.CountUsers
    def __init__(self, count_users: _Optional[_Union[_query_pb2.CountUsers, _Mapping]] = ...) -> None: ...

class CountUsersResponse(_message.Message):
    __slots__ = ("count", "missing_hub_ids")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    MISSING_HUB_IDS_FIELD_NUMBER: _ClassVar[int]
    count: int
    missing_hub_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, count: _Optional[int] = ..., missing_hub_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class ListUsersRequest(_message.Message):
    __slots__ = ("list_users",)
    LIST_USERS_FIELD_NUMBER: _ClassVar[int]
    list_users: _query_pb2.ListUsers
    def __init__(self, list_users: _Optional[_Union[_query_pb2.ListUsers, _Mapping]] = ...) -> None: ...

class ListUsersResponse(_message.Message):
    __slots__ = ("users", "next_page_token", "missing_hub_ids")
    USERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MISSING_HUB_IDS_FIELD_NUMBER: _ClassVar[int]
    users: _containers.RepeatedCompositeFieldContainer[_query_pb2.User]
    next_page_token: str
    missing_hub_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, users: _Optional[_Iterable[_Union[_query_pb2.User, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., missing_hub_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class ForgetGroupRequest(_message.Message):
    __slots__ = ("group",)
    GROUP_FIELD_NUMBER: _ClassVar[int]
    group: str
    def __init__(self, group: _Optional[str] = ...) -> None: ...

class ForgetGroupResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
