package socketio

import (
	"path/filepath"
	"testing"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/hubtest"
)

// The stories in testdata, each told as packets. The application lets everybody in but to /closed and
// /undecided, acknowledges what wants it, and says anything else to everyone in the namespace.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			s := play(t, Config{})
			s.connect = func(a *Attempt) {
				switch a.Namespace() {
				case "/closed":
					_ = a.Deny("not today", []byte(`{"retry":false}`))
				case "/undecided":
					_ = a.Undecided()
				default:
					_ = a.Accept(Acceptance{})
				}
			}
			s.event = func(socket *Socket, e Event) {
				if !e.ID.IsZero() {
					_ = socket.Reply(nil, e.ID, e.Args, e.Attachments)
					return
				}
				m := cluster.Message{Event: e.Name, Args: e.Args, Attachments: e.Attachments}
				s.server.Emit(nil, socket.Namespace(), everybody, m)
			}
			hubtest.Transcript(t, s.http, file)
		})
	}
}
