package adminui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/cluster"
)

// shown is a socket as the page has it.
//
// Source: @socket.io/admin-ui 0.5, serialize.
type shown struct {
	ID        string          `json:"id"`
	ClientID  string          `json:"clientId"`
	Transport string          `json:"transport"`
	NSP       string          `json:"nsp"`
	Data      json.RawMessage `json:"data"`
	Handshake handshake       `json:"handshake"`
	Rooms     []string        `json:"rooms"`
}

// handshake is what is shown of a request. Auth is left out, and so are secrets.
type handshake struct {
	Address string            `json:"address"`
	Headers map[string]string `json:"headers"`
	Query   map[string]string `json:"query"`
	Issued  int64             `json:"issued"`
	Secure  bool              `json:"secure"`
	Time    string            `json:"time"`
	URL     string            `json:"url"`
	XDomain bool              `json:"xdomain"`
}

const (
	// maxRooms is how many rooms are shown of a socket, its own among them.
	maxRooms = 200
	// maxLines is how many headers, and how many parameters.
	maxLines = 50
)

// shownOf is a socket of this hub.
func shownOf(s *hub.Socket) *shown {
	data, _ := s.Data()
	h := s.Handshake()
	out := &shown{
		ID: s.ID(), ClientID: s.ClientID(), Transport: s.Transport(), NSP: s.Namespace(), Data: dataShown(data),
		Handshake: handshakeShown(h.RemoteAddress(), h.URL(), h.Secure(), h.Origin() != "", h.IssueTime()),
		Rooms:     roomsShown(s.ID(), s.Rooms()),
	}
	for name, value := range h.Lines() {
		out.Handshake.header(name, value)
	}
	for name, value := range h.Parameters() {
		out.Handshake.parameter(name, value)
	}
	return out
}

// shownElsewhere is a socket of another server.
func shownElsewhere(namespace string, s *cluster.Socket) *shown {
	data, clientID, transport := withoutAdmin(s.Data)
	out := &shown{
		ID: s.ID, ClientID: s.ClientID, Transport: s.Transport, NSP: namespace, Data: dataShown(data),
		Rooms: roomsShown(s.ID, s.Rooms), Handshake: handshakeShown("", "", false, false, time.Time{}),
	}
	if out.ClientID == "" {
		out.ClientID = clientID
	}
	if out.Transport == "" {
		out.Transport = transport
	}
	if h := s.Handshake; h != nil {
		out.Handshake = handshakeShown(h.Address, h.URL, h.Secure, h.CrossDomain, h.Time)
		for _, p := range h.Headers {
			out.Handshake.header(p.Name, p.Value)
		}
		for _, p := range h.Query {
			out.Handshake.parameter(p.Name, p.Value)
		}
	}
	return out
}

func roomsShown(id string, rooms []string) []string {
	all := append(make([]string, 0, 1+len(rooms)), id)
	for _, room := range rooms {
		if room != id && len(all) < maxRooms {
			all = append(all, room)
		}
	}
	return all
}

// dataShown is data of a socket. The page merges it, so it is always an object.
func dataShown(data []byte) json.RawMessage {
	switch data = bytes.TrimSpace(data); {
	case len(data) > maxShown:
		return encode(map[string]string{"_hub": fmt.Sprintf("(%d bytes, not shown)", len(data))})
	case len(data) == 0:
		return json.RawMessage("{}")
	case data[0] != '{':
		return encode(map[string]json.RawMessage{"": data})
	}
	return data
}

// withoutAdmin takes off what the instrumentation of Node servers keeps in a socket's data.
//
// Source: @socket.io/admin-ui 0.5, registerVerboseListeners.
func withoutAdmin(data []byte) (rest []byte, clientID, transport string) {
	var admin struct {
		Admin *struct{ ClientID, Transport string } `json:"_admin"`
	}
	if len(data) == 0 || len(data) > maxForeignData || json.Unmarshal(data, &admin) != nil || admin.Admin == nil {
		return data, "", ""
	}
	var all map[string]json.RawMessage
	if json.Unmarshal(data, &all) != nil {
		return data, "", ""
	}
	delete(all, "_admin")
	return encode(all), shorter(admin.Admin.ClientID), shorter(admin.Admin.Transport)
}

// maxForeignData is how much data of a socket elsewhere is looked at.
const maxForeignData = 64 << 10

func handshakeShown(address, url string, secure, xdomain bool, at time.Time) handshake {
	return handshake{
		Address: address, URL: urlShown(url), Secure: secure, XDomain: xdomain, Headers: map[string]string{}, Query: map[string]string{},
		Issued: at.UnixMilli(), Time: at.Format("Mon Jan 02 2006 15:04:05 GMT-0700 (MST)"),
	}
}
