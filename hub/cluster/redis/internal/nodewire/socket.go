package nodewire

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// appendSockets appends descriptions of sockets, as Node servers give them. A program there reads members of members of the
// handshake without looking, so that all of them have to be there.
func appendSockets(buf []byte, sockets []cluster.Socket) []byte {
	buf = append(buf, '[')
	for i := range sockets {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = appendSocket(buf, &sockets[i])
	}
	return append(buf, ']')
}

func appendSocket(buf []byte, s *cluster.Socket) []byte {
	buf = siopacket.AppendString(append(buf, `{"id":`...), s.ID)
	buf = appendHandshake(append(buf, `,"handshake":`...), s)
	rooms, _ := withoutReserved(slices.Clone(s.Rooms))
	buf = appendNames(append(buf, `,"rooms":`...), []string{s.ID}, rooms, nil)
	buf = append(buf, `,"data":`...)
	if len(s.Data) > 0 {
		buf = append(buf, s.Data...)
	} else {
		buf = append(buf, "{}"...)
	}
	return append(buf, '}')
}

// jsTime is how JavaScript writes a date as text.
const jsTime = "Mon Jan 02 2006 15:04:05 GMT+0000 (Coordinated Universal Time)"

// appendHandshake appends the handshake object.
//
// Source: socket.io 4.8, socket.ts, buildHandshake.
func appendHandshake(buf []byte, s *cluster.Socket) []byte {
	h := s.Handshake
	if h == nil {
		h = &cluster.Handshake{Time: s.ConnectTime}
	}
	buf = appendPairs(append(buf, `{"headers":`...), merged(h.Headers))
	buf = siopacket.AppendString(append(buf, `,"time":`...), h.Time.UTC().Format(jsTime))
	buf = siopacket.AppendString(append(buf, `,"address":`...), h.Address)
	buf = strconv.AppendBool(append(buf, `,"xdomain":`...), h.CrossDomain)
	buf = strconv.AppendBool(append(buf, `,"secure":`...), h.Secure)
	buf = strconv.AppendInt(append(buf, `,"issued":`...), h.Time.UnixMilli(), 10)
	buf = siopacket.AppendString(append(buf, `,"url":`...), h.URL)
	buf = appendPairs(append(buf, `,"query":`...), last(h.Query))
	buf = append(buf, `,"auth":`...)
	if len(h.Auth) > 0 {
		buf = append(buf, h.Auth...)
	} else {
		buf = append(buf, "{}"...)
	}
	return append(buf, '}')
}

func appendPairs(buf []byte, pairs []cluster.Pair) []byte {
	buf = append(buf, '{')
	for i, p := range pairs {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = siopacket.AppendString(buf, p.Name)
		buf = siopacket.AppendString(append(buf, ':'), p.Value)
	}
	return append(buf, '}')
}

// merged are header lines as node:http gives them: names in lower case, equal ones in one.
func merged(lines []cluster.Pair) []cluster.Pair {
	out := make([]cluster.Pair, 0, len(lines))
	at := make(map[string]int, len(lines))
	for _, l := range lines {
		key := strings.ToLower(l.Name)
		i, seen := at[key]
		switch {
		case !seen:
			at[key] = len(out)
			out = append(out, cluster.Pair{Name: key, Value: l.Value})
		case key == "cookie":
			out[i].Value += "; " + l.Value
		default:
			out[i].Value += ", " + l.Value
		}
	}
	return out
}

// last keeps the last of equal names.
func last(pairs []cluster.Pair) []cluster.Pair {
	out := make([]cluster.Pair, 0, len(pairs))
	at := make(map[string]int, len(pairs))
	for _, p := range pairs {
		if i, seen := at[p.Name]; seen {
			out[i].Value = p.Value
			continue
		}
		at[p.Name] = len(out)
		out = append(out, p)
	}
	return out
}

// mostPairs bounds the headers of a socket, and the parameters of its query.
const mostPairs = 1024

// readSockets reads descriptions of sockets.
func (c *Codec) readSockets(array []byte) (sockets []cluster.Socket, err error) {
	if isNull(array) {
		return nil, nil
	}
	is := elements(array, func(value []byte) bool {
		var s cluster.Socket
		if len(sockets) == c.limits.Names {
			err = errNames
		} else {
			s, err = c.readSocket(value)
		}
		sockets = append(sockets, s)
		return err == nil
	})
	if !is {
		return nil, errShape
	}
	return sockets, err
}

func (c *Codec) readSocket(data []byte) (s cluster.Socket, err error) {
	is := members(data, func(key, value []byte) bool {
		switch string(key) {
		case "id":
			s.ID, _ = text(value)
		case "rooms":
			s.Rooms, err = c.names(value)
		case "data":
			if !isNull(value) && string(value) != "{}" {
				s.Data = slices.Clone(value)
			}
		case "handshake":
			s.Handshake, err = readHandshake(value)
		}
		return err == nil
	})
	switch {
	case err != nil:
		return s, err
	case !is || s.ID == "" || len(s.ID) > c.limits.NameBytes:
		return s, errShape
	}
	s.Rooms, _ = withoutReserved(s.Rooms)
	s.Rooms = slices.DeleteFunc(s.Rooms, func(room string) bool { return room == s.ID })
	if s.Handshake != nil {
		s.ConnectTime = s.Handshake.Time
	}
	return s, nil
}

// readHandshake reads what is there: an application may have put anything into it.
func readHandshake(data []byte) (*cluster.Handshake, error) {
	if isNull(data) {
		return nil, nil
	}
	h := new(cluster.Handshake)
	var issued int64
	var err error
	is := members(data, func(key, value []byte) bool {
		switch string(key) {
		case "address":
			h.Address, _ = text(value)
		case "url":
			h.URL, _ = text(value)
		case "secure":
			h.Secure = isTrue(value)
		case "xdomain":
			h.CrossDomain = isTrue(value)
		case "issued":
			issued, _ = whole(value)
		case "auth":
			if !isNull(value) {
				h.Auth = slices.Clone(value)
			}
		case "headers":
			h.Headers, err = readPairs(value)
		case "query":
			h.Query, err = readPairs(value)
		}
		return err == nil
	})
	if !is {
		return nil, errShape
	}
	const longest = 8_640_000_000_000_000 // of a date in JavaScript
	h.Time = time.UnixMilli(min(issued, longest)).UTC()
	for _, p := range h.Headers {
		if p.Name == "origin" {
			h.Origin = p.Value
		}
	}
	return h, err
}

// readPairs reads an object of texts. A list of texts is as many pairs; what is neither is passed over.
func readPairs(data []byte) (pairs []cluster.Pair, err error) {
	add := func(key []byte, value []byte) bool {
		if v, ok := text(value); ok {
			pairs = append(pairs, cluster.Pair{Name: string(key), Value: v})
		}
		if len(pairs) > mostPairs {
			err = errNames
		}
		return err == nil
	}
	members(data, func(key, value []byte) bool {
		if len(value) > 0 && value[0] == '[' {
			elements(value, func(value []byte) bool { return add(key, value) })
			return err == nil
		}
		return add(key, value)
	})
	return pairs, err
}
