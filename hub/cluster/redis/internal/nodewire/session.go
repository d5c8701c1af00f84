package nodewire

import (
	"encoding/base64"

	"github.com/siohub/siohub/hub/cluster"
)

// Session reads what a Node server has kept of a browser that is away: ID, Rooms and Data of the socket, and the private id
// under which it is kept.
//
// Source: @socket.io/redis-streams-adapter 0.3, persistSession: base64 of MessagePack {sid, pid, rooms, data}.
func (c *Codec) Session(value string) (socket *cluster.Socket, id string, err error) {
	if int64(len(value)) > 2*c.limits.Message {
		return nil, "", errLarge
	}
	packed, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return nil, "", errBase64
	}
	if len(packed) == 0 || packed[0] == '{' {
		return nil, "", errShape
	}
	data, err := c.readPlain(packed)
	if err != nil {
		return nil, "", err
	}
	socket = &cluster.Socket{}
	var rooms []byte
	is := members(data, func(key, value []byte) bool {
		switch string(key) {
		case "sid":
			socket.ID, _ = text(value)
		case "pid":
			id, _ = text(value)
		case "rooms":
			rooms = value
		case "data":
			if !isNull(value) {
				socket.Data = append([]byte(nil), value...)
			}
		}
		return true
	})
	if !is || socket.ID == "" || id == "" {
		return nil, "", errShape
	}
	if len(socket.ID) > c.limits.NameBytes || len(id) > c.limits.NameBytes {
		return nil, "", errName
	}
	if socket.Rooms, err = c.names(rooms); err != nil {
		return nil, "", err
	}
	socket.Rooms, _ = withoutReserved(socket.Rooms)
	return socket, id, nil
}
