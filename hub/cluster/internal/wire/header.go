package wire

import (
	"encoding/binary"
	"encoding/hex"
	"hash/fnv"
)

// HeaderSize is the size of a header, in bytes.
const HeaderSize = 45

const version = 1

// Kind is what a frame is.
type Kind uint8

// The kinds of frames. Their bodies are in body.go.
const (
	// Hello is a newcomer's, and of whoever was away: whoever hears it answers with a Heartbeat.
	Hello Kind = iota + 1
	// Heartbeat says that its sender is there.
	Heartbeat
	// Leave says that it leaves.
	Leave
	// Description carries what a hub says of itself.
	Description
	// Wanted asks for the receiver's Description.
	Wanted
	// Command, Question and Answer are those of package cluster.
	Command
	Question
	Answer
	// Stop says that nobody waits for the answers to a question any more.
	Stop
	kinds
)

var kindNames = [kinds]string{"", "hello", "heartbeat", "leave", "description", "wanted", "command", "question", "answer", "stop"}

// String is the kind's name, as metrics have it.
func (k Kind) String() string {
	if k == 0 || k >= kinds {
		return "unknown"
	}
	return kindNames[k]
}

// Header is what every frame begins with.
type Header struct {
	Kind Kind
	// Direct says that the frame is for one hub alone.
	Direct bool
	// More and Continued say that the body goes on in the sender's next frame, or began in its last one.
	More, Continued bool
	// Sender is a hub's id, as bytes.
	Sender ID
	// Epoch tells the lives of one id apart.
	Epoch uint64
	// Sequence is one more for each frame of this epoch.
	Sequence uint64
	// Lane is what the frame was sent to, and Count one more for each frame of the lane: so who has all of a lane knows
	// which are missing. A Count of zero is not counted: it goes to those alone who have asked for a room.
	Lane, Count uint64
}

// ID is a hub's id as bytes.
type ID [8]byte

// ParseID takes 16 hexadecimal digits.
func ParseID(s string) (id ID, ok bool) {
	if len(s) != 2*len(id) {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(s))
	return id, err == nil && hex.EncodeToString(id[:]) == s
}

// String is the id as 16 hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// LaneAll is the lane of frames to all hubs.
const LaneAll uint64 = 0

// Lane is that of frames to those who are interested in a namespace, or to one hub, by its id.
func Lane(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return max(h.Sum64(), 1)
}

// Put writes the header into the first HeaderSize bytes of frame.
func (h *Header) Put(frame []byte) {
	_ = frame[HeaderSize-1]
	frame[0], frame[1], frame[2], frame[3], frame[4] = 'S', 'h', version, byte(h.Kind), 0
	if h.More {
		frame[4] |= 1
	}
	if h.Continued {
		frame[4] |= 2
	}
	if h.Direct {
		frame[4] |= 4
	}
	copy(frame[5:], h.Sender[:])
	binary.BigEndian.PutUint64(frame[13:], h.Epoch)
	binary.BigEndian.PutUint64(frame[21:], h.Sequence)
	binary.BigEndian.PutUint64(frame[29:], h.Lane)
	binary.BigEndian.PutUint64(frame[37:], h.Count)
}

// ReadHeader reads the header of a frame; its body follows. A kind that is not known is no error: what is behind it counts
// in its lane all the same.
func ReadHeader(frame []byte) (h Header, body []byte, err error) {
	if len(frame) < 3 || frame[0] != 'S' || frame[1] != 'h' {
		return h, nil, malformed("no frame")
	}
	if frame[2] != version {
		return h, nil, ErrUnknown
	}
	if len(frame) < HeaderSize {
		return h, nil, malformed("a header that ends")
	}
	h = Header{
		Kind: Kind(frame[3]), More: frame[4]&1 != 0, Continued: frame[4]&2 != 0, Direct: frame[4]&4 != 0, Sender: ID(frame[5:13]),
		Epoch: binary.BigEndian.Uint64(frame[13:]), Sequence: binary.BigEndian.Uint64(frame[21:]),
		Lane: binary.BigEndian.Uint64(frame[29:]), Count: binary.BigEndian.Uint64(frame[37:]),
	}
	if h.Kind == 0 || h.Sequence == 0 {
		return h, nil, malformed("a header without kind or sequence")
	}
	return h, frame[HeaderSize:], nil
}
