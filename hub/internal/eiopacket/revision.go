package eiopacket

// Revision is a revision of the Engine.IO protocol: the parameter EIO of a request. Its zero value is none.
//
// Packets have the same types in all of them, and the open packet the same keys. Payloads, binary messages and the
// direction of the heartbeat differ.
type Revision uint8

// The revisions that clients may ask for. Socket.IO clients 1 and 2 speak revision 3, those from 3 on revision 4.
const (
	Revision3 Revision = 3
	Revision4 Revision = 4
)

// ParseRevision reads the parameter EIO, which is exactly `3` or `4`.
func ParseRevision(eio string) (Revision, bool) {
	switch eio {
	case "3":
		return Revision3, true
	case "4":
		return Revision4, true
	}
	return 0, false
}
