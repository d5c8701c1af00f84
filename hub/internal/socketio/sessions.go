package socketio

import (
	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/recovery"
)

// Sessions are those of other hubs: what a server whose sessions are shared wants of its cluster. Its methods may be called at
// the same time, with locks held where it says so, and must not block.
type Sessions interface {
	// Applied is that of cluster.Recorder. It is called with locks held.
	Applied(namespace string) cluster.Position
	// Seek looks for a session at other hubs, and calls found once, from any goroutine. Nil: nobody has it.
	Seek(namespace string, c recovery.Claim, found func(*recovery.Record))
	// Replay calls add for what stands in the log of a namespace behind a position, up to what has been applied here, and
	// published from here, when it was called; and then done, once. add returns false when it has enough.
	Replay(namespace string, after cluster.Position, add func(*cluster.Command) bool, done func(error))
	// Keep keeps a session for other hubs, for so long as it may be away, and longer while its browser is there (live), in
	// place of what was kept before; Drop forgets it. Both are called with locks held. then, unless it is nil, is called once that
	// is done, with all that was to be kept before, or cannot be; from any goroutine.
	Keep(pid string, record []byte, live bool, then func())
	Drop(pid string)
	// Share puts an emission into the log alone.
	Share(namespace string, t cluster.Target, m cluster.Message, p recovery.Place)
}

// Memos turn what the application keeps with a session (Acceptance.Memo) into bytes that another hub understands, and back. Nil
// functions: it stays behind.
type Memos struct {
	Encode func(memo any) []byte
	Decode func(b []byte) (memo any, bytes int64)
}
