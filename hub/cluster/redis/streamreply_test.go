package redis

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/redis/internal/nodewire"
)

// entriesReply is what Redis says to XREAD: each entry is a list of names and values.
func entriesReply(entries ...[]string) []byte {
	b := fmt.Appendf(nil, "*1\r\n*2\r\n$9\r\nsocket.io\r\n*%d\r\n", len(entries))
	for i, e := range entries {
		id := fmt.Sprintf("1700000000000-%d", i)
		b = fmt.Appendf(b, "*2\r\n$%d\r\n%s\r\n", len(id), id)
		b = append(b, appendCommand(nil, e...)...)
	}
	return b
}

// fieldsOfEmit are the fields of an emit to a room as a server appends it.
func fieldsOfEmit(uid, room string) (words []string) {
	e := nodewire.EntryOf(&nodewire.Message{
		Kind: nodewire.Broadcast, UID: uid, Namespace: "/", Target: cluster.Target{Rooms: []string{room}}, Event: message("x", `["1"]`),
	})
	for _, f := range fieldsOf(nil, &e) {
		words = append(words, f.name, f.value)
	}
	return words
}

// offlineReader is a reader that is given what Redis says.
func offlineReader(t testing.TB, c Config) (*host, *streamReader) {
	c.Engine, c.URL = Streams, "redis://127.0.0.1:1"
	h := newHost(t, c)
	r := newStreamReader(h.cluster.(*streamsEngine).streams, "socket.io")
	r.in = bufio.NewReaderSize(nil, readerBytes)
	return h, r
}

func (r *streamReader) given(t testing.TB, reply []byte) {
	t.Helper()
	r.in.Reset(bytes.NewReader(reply))
	if err := r.reply(); err != nil {
		t.Fatal(err)
	}
}

func TestStreamReader_TakesWhatIsForThisHub(t *testing.T) {
	dropped := map[string]int{}
	h, r := offlineReader(t, Config{Settings: cluster.Settings{MaxMessage: 64 << 10, Trace: &cluster.Trace{Dropped: func(reason string) { dropped[reason]++ }}}})
	h.occupy("/", "room")
	const other = "00000000000000ff"
	node := []string{"uid", "node", "nsp", "/", "type", "3", "data", `{"packet":{"type":2,"data":["x","2"],"nsp":"/"},"opts":{"rooms":["empty"],"except":[],"flags":{}}}`}
	r.given(t, entriesReply(
		fieldsOfEmit(h.id, "room"), // its own
		fieldsOfEmit(other, "empty"),
		fieldsOfEmit(other, "room"),
		append([]string{"color", strings.Repeat("blue", 5000)}, fieldsOfEmit(other, "room")...),
		node, // in a form that is decoded first
		append(fieldsOfEmit(other, "empty"), "number", "7"),                                      // which a recovery counts
		[]string{"uid", other, "nsp", "/", "type", "3", "data", strings.Repeat("x", 2*64<<10+1)}, // too large
		[]string{"uid", other, "nsp", "/" + strings.Repeat("n", mostWordBytes), "type", "3", "data", "{}"},
		[]string{"uid", other, "nsp", "/", "type", "3", "data", "{"},
		[]string{},
	))
	if n := len(h.commands); n != 4 {
		t.Errorf("%d commands were carried out, not 4", n)
	}
	if want := map[string]int{string(cluster.DropTooLarge): 2, string(cluster.DropMalformed): 1}; fmt.Sprint(dropped) != fmt.Sprint(want) {
		t.Errorf("dropped %v, not %v", dropped, want)
	}
	if r.last != "1700000000000-9" || r.gate.Applied() != (cluster.Position{Major: 1700000000000, Minor: 9}) {
		t.Errorf("read up to %s, applied up to %v", r.last, r.gate.Applied())
	}
}

func TestStreamReader_NothingAndErrors(t *testing.T) {
	_, r := offlineReader(t, Config{})
	r.given(t, []byte("*-1\r\n"))
	for _, reply := range []string{
		"-UNBLOCKED force unblock\r\n", "*2\r\n", "$-1\r\n", "*1\r\n*3\r\n", "*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-x\r\n*0\r\n",
		"*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$1\r\n1\r\n*0\r\n", "*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$22\r\n99999999999999999999-1\r\n*0\r\n",
		"*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*3\r\n", "*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$-1\r\n",
	} {
		r.in.Reset(strings.NewReader(reply))
		if err := r.reply(); err == nil {
			t.Errorf("%q: no error", reply)
		}
	}
}

func FuzzStreamReader(f *testing.F) {
	h, r := offlineReader(f, Config{Settings: cluster.Settings{MaxMessage: 64 << 10}})
	h.occupy("/", "room")
	f.Add(entriesReply(fieldsOfEmit(h.id, "room"), fieldsOfEmit("00000000000000ff", "empty"), fieldsOfEmit("00000000000000ff", "room")))
	for _, seed := range []string{
		"", "*", "*-1\r\n", "*1\r\n*2\r\n$99999999999\r\n", "*1\r\n*2\r\n$1\r\ns\r\n*1073741824\r\n*2\r\n$3\r\n1-1\r\n*-1\r\n",
		"*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$4\r\ndata\r\n$1073741823\r\n", "*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$0\r\n\r\n*0\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(_ *testing.T, reply []byte) {
		r.in.Reset(bytes.NewReader(reply))
		for r.reply() == nil {
		}
	})
}
