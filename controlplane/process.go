package controlplane

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// process tells this process apart from others.
type process struct {
	hubID   string
	dedupe  [8]byte // the first half of all dedupe ids
	started time.Time
}

// newProcess is this one. Without an id of its own the hub draws one.
func newProcess(hubID string) process {
	p := process{hubID: hubID, started: time.Now()}
	var id [8]byte
	// crypto/rand.Read never fails; it ends the program instead.
	_, _ = rand.Read(id[:])
	_, _ = rand.Read(p.dedupe[:])
	if p.hubID == "" {
		p.hubID = hex.EncodeToString(id[:])
	}
	return p
}

// dedupeID is the identity of a delivery: the process, and the number of its first
// try.
func (p *process) dedupeID(identity uint64) (id [16]byte) {
	copy(id[:8], p.dedupe[:])
	binary.BigEndian.PutUint64(id[8:], identity)
	return id
}
