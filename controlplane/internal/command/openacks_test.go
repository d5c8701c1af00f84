package command

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/siohub/siohub/hub"
)

type replier int

func (replier) Reply(*hub.Batch, []byte, [][]byte) error { return nil }

func openID(n int) (id DedupeID) {
	binary.BigEndian.PutUint64(id[:], uint64(n))
	return id
}

func TestOpenAcks_OldestOfASocketIsGivenUp(t *testing.T) {
	trace := newRecorder()
	o := newOpenAcks(trace, keptBytes/8)
	for n := range maxOpenAcks + 1 {
		o.Keep(OpenAck{ID: openID(n), Socket: "s", Group: "g", Event: replier(n)})
	}
	o.Keep(OpenAck{ID: openID(9999), Socket: "other", Group: "g", Event: replier(0)})
	o.Keep(OpenAck{ID: openID(9999), Socket: "other", Group: "g", Event: replier(1)})
	if o.find(openID(0), "g") != nil || o.find(openID(1), "g") == nil || o.Len() != maxOpenAcks+1 || trace.bound(BoundOpenAcks) != 1 {
		t.Errorf("%d are open, %d given up", o.Len(), trace.bound(BoundOpenAcks))
	}
	if o.find(openID(1), "h") != nil || o.find(openID(1), "") == nil {
		t.Error("groups are not kept apart")
	}
	o.EndSocket("s")
	o.EndSocket("nobody")
	o.remove(openID(1))
	if o.Len() != 1 {
		t.Errorf("%d are open after the socket's end", o.Len())
	}
	o.remove(openID(9999))
	if o.Len()+o.all.Len()+len(o.bySocket)+o.bytes != 0 {
		t.Errorf("left over: %+v", o)
	}
}

func TestOpenAcks_AreBoundedInBytes(t *testing.T) {
	o := newOpenAcks(newRecorder(), keptBytes/8)
	o.limit = 10 * (1000 + openKeep)
	for n := range 30 {
		o.Keep(OpenAck{ID: openID(n), Socket: fmt.Sprint(n % 4), Event: replier(n), Bytes: 1000})
	}
	if o.Len() != 10 || o.find(openID(29), "") == nil || o.find(openID(19), "") != nil {
		t.Errorf("%d are open", o.Len())
	}
	o.Keep(OpenAck{ID: openID(99), Socket: "x", Event: replier(0), Bytes: 1 << 20})
	if o.Len() != 1 || o.find(openID(99), "") == nil {
		t.Error("one always fits")
	}
	o.EndSocket("x")
	if o.bytes != 0 || len(o.bySocket) != 0 {
		t.Errorf("left over: %d bytes", o.bytes)
	}
}

// A socket with a single entry that makes room for itself.
func TestOpenAcks_BudgetMayEmptyTheSocketThatFills(t *testing.T) {
	o := newOpenAcks(newRecorder(), keptBytes/8)
	o.limit = 1
	for n := range 10 {
		o.Keep(OpenAck{ID: openID(n), Socket: "s", Event: replier(n)})
	}
	if o.Len() != 1 || o.find(openID(9), "") == nil || len(o.bySocket) != 1 {
		t.Errorf("%d are open", o.Len())
	}
}
