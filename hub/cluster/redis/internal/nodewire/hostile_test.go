package nodewire

import (
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/internal/msgpacket"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// packed is JSON as MessagePack.
func packed(data string, attachments ...[]byte) []byte {
	return msgpacket.AppendJSON(nil, []byte(data), attachments)
}

var tight = Limits{Message: 1 << 16, Names: 4, NameBytes: 32, Event: siopacket.Limits{Attachments: 2, Depth: 4, Arguments: 3, NameBytes: 8}}

// hostile are messages that nobody may take, each for one of the readers.
var hostile = map[string]struct {
	reader  byte // b, q, a or c
	message []byte
}{
	"nothing":                   {'b', nil},
	"text":                      {'b', []byte("hello")},
	"JSON without end":          {'q', []byte(`{"type":2`)},
	"no object":                 {'q', packed(`[1]`)},
	"no array":                  {'b', packed(`{"a":1}`)},
	"two elements":              {'b', packed(`["u",{"type":2,"data":["x"],"nsp":"/"}]`)},
	"another packet":            {'b', packed(`["u",{"type":0,"data":["x"],"nsp":"/"},{"rooms":[]}]`)},
	"event without name":        {'b', packed(`["u",{"type":2,"data":[],"nsp":"/"},{"rooms":[]}]`)},
	"name is no text":           {'b', packed(`["u",{"type":2,"data":[{}],"nsp":"/"},{"rooms":[]}]`)},
	"long name":                 {'b', packed(`["u",{"type":2,"data":["123456789"],"nsp":"/"},{"rooms":[]}]`)},
	"data is no array":          {'b', packed(`["u",{"type":2,"data":"x","nsp":"/"},{"rooms":[]}]`)},
	"too many arguments":        {'b', packed(`["u",{"type":2,"data":["x",1,2,3,4],"nsp":"/"},{"rooms":[]}]`)},
	"too deep":                  {'b', packed(`["u",{"type":2,"data":["x",[[[[[]]]]]],"nsp":"/"},{"rooms":[]}]`)},
	"binary in place of a room": {'b', packed(`["u",{"type":2,"data":["x"],"nsp":"/"},{"rooms":[{"_placeholder":true,"num":0}]}]`, []byte{1})},
	"binary that is not used":   {'b', packed(`["u",{"type":2,"data":["x"],"nsp":"/"},{"rooms":[],"z":{"_placeholder":true,"num":0}}]`, []byte{1})},
	"many attachments":          {'b', packed(`["u",{"type":2,"data":["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1},{"_placeholder":true,"num":2}]},{"rooms":[]}]`, nil, nil, nil)},
	"rooms are no list":         {'b', packed(`["u",{"type":2,"data":["x"],"nsp":"/"},{"rooms":"a"}]`)},
	"a room is no name":         {'b', packed(`["u",{"type":2,"data":["x"],"nsp":"/"},{"rooms":[null]}]`)},
	"many rooms":                {'b', packed(`["u",{"type":2,"data":["x"],"nsp":"/"},{"rooms":["a","b","c","d","e"]}]`)},
	"long room":                 {'b', packed(`["u",{"type":2,"data":["x"],"nsp":"/"},{"rooms":["` + strings.Repeat("x", 33) + `"]}]`)},
	"opts are none":             {'b', packed(`["u",{"type":2,"data":["x"],"nsp":"/"},null]`)},
	"large":                     {'b', packed(`["u",{"type":2,"data":["x","` + strings.Repeat("x", 1<<16) + `"],"nsp":"/"},{"rooms":[]}]`)},
	"grows":                     {'b', packed(`["u",{"type":2,"data":["x","` + strings.Repeat(`\u0001`, 1<<14) + `"],"nsp":"/"},{"rooms":[]}]`)},
	"unknown type":              {'q', []byte(`{"type":10}`)},
	"type below zero":           {'q', []byte(`{"type":-1}`)},
	"type is text":              {'q', []byte(`{"type":"2"}`)},
	"join without rooms":        {'q', []byte(`{"type":2,"opts":{"rooms":["a"]},"rooms":[]}`)},
	"join of nobody":            {'q', []byte(`{"type":2,"rooms":["a"]}`)},
	"fetch of an old server":    {'q', []byte(`{"type":5,"sid":"a"}`)},
	"no UTF-8":                  {'q', []byte("{\"type\":2,\"sid\":\"\xff\"}")},
	"long request":              {'q', []byte(`{"type":1,"requestId":"` + strings.Repeat("x", 33) + `"}`)},
	"answer to nothing":         {'a', []byte(`{"sockets":[]}`)},
	"answer of unknown type":    {'a', []byte(`{"requestId":"r","type":7}`)},
	"socket without id":         {'a', []byte(`{"requestId":"r","sockets":[{"rooms":[]}]}`)},
	"many sockets":              {'a', []byte(`{"requestId":"r","sockets":[{"id":"a"},{"id":"b"},{"id":"c"},{"id":"d"},{"id":"e"}]}`)},
	"handshake is a number":     {'a', []byte(`{"requestId":"r","sockets":[{"id":"a","handshake":1}]}`)},
	"count is none":             {'a', []byte(`{"requestId":"r","type":8,"clientCount":"x"}`)},
	"cluster: no type":          {'c', []byte(`{"uid":"u","nsp":"/"}`)},
	"cluster: type 14":          {'c', []byte(`{"uid":"u","nsp":"/","type":14}`)},
	"cluster: no data":          {'c', []byte(`{"uid":"u","nsp":"/","type":3}`)},
	"cluster: no packet":        {'c', []byte(`{"uid":"u","nsp":"/","type":3,"data":{"opts":{"rooms":[]}}}`)},
	"cluster: long uid":         {'c', []byte(`{"uid":"` + strings.Repeat("x", 33) + `","nsp":"/","type":1}`)},
}

func (c *Codec) readBy(reader byte, message []byte) (*Message, error) {
	switch reader {
	case 'b':
		return c.Broadcast(message)
	case 'q':
		return c.Request("/", message)
	case 'a':
		return c.Answer("/", message)
	}
	return c.Cluster(message)
}

func TestHostile_Refused(t *testing.T) {
	c := New(tight)
	for name, h := range hostile {
		if m, err := c.readBy(h.reader, h.message); err == nil {
			t.Errorf("%s: became %+v", name, m)
		}
	}
}

func TestHostile_Entries(t *testing.T) {
	c := New(tight)
	for name, e := range map[string]Entry{
		"no type":       {Namespace: "/"},
		"type 99":       {Type: "99"},
		"no data":       {Type: "3"},
		"neither":       {Type: "3", Data: "%%%"},
		"base64 of not": {Type: "3", Data: "AAAA"},
		"large":         {Type: "3", Data: strings.Repeat("A", 1<<18)},
		"no UTF-8":      {Type: "1", UID: "\xff"},
	} {
		if m, err := c.Entry(e); err == nil {
			t.Errorf("%s: became %+v", name, m)
		}
	}
}

// TestHostile_MarksOfNobody: forged marks harm nobody.
func TestHostile_MarksOfNobody(t *testing.T) {
	m, err := New(tight).Broadcast(packed(`["u",{"type":2,"data":["x"],"nsp":"/"},{"rooms":["a"],"except":["b"],"flags":{"hub":{"s":99999999999,"x":-4,"n":"x","d":1}}}]`))
	if err != nil || len(m.Target.Sockets) != 1 || len(m.Target.ExceptRooms) != 1 {
		t.Errorf("%+v, %v", m, err)
	}
}
