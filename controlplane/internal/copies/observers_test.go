package copies

import (
	"testing"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// The messages of an emit are used again while a copy of it waits.
func TestLasting_HasMessagesOfItsOwn(t *testing.T) {
	e := &hubv1.Emit{
		Target: &hubv1.Target{Namespace: "/", Rooms: []string{"a"}, ExceptUsers: []string{"u"}}, Event: "e", Volatile: true,
		Payload: &hubv1.Payload{Args: []byte(`["x"]`), Attachments: [][]byte{{1}}},
	}
	want := proto.CloneOf(e)
	kept := lasting(e)
	e.Target.Reset()
	e.Payload.Reset()
	e.Reset()
	if !proto.Equal(kept, want) {
		t.Errorf("%v, not %v", kept, want)
	}
	if kept = lasting(&hubv1.Emit{Event: "e"}); kept.Target != nil || kept.Payload != nil {
		t.Errorf("%v", kept)
	}
}
