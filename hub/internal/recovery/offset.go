package recovery

import (
	"crypto/rand"
	"encoding/base64"
	"strconv"
)

const (
	pidBytes   = 18 // 144 bits
	epochBytes = 6
	// pidLength and epochLength are how long they are as text.
	pidLength   = pidBytes / 3 * 4
	epochLength = epochBytes / 3 * 4
	// positionBase is that of the number in an offset.
	positionBase = 36
)

func random(n int) string {
	bytes := make([]byte, n)
	_, _ = rand.Read(bytes) // never fails, see crypto/rand
	return base64.RawURLEncoding.EncodeToString(bytes)
}

// newPID returns a private id.
func newPID() string { return random(pidBytes) }

// IsPID reports whether a text is of the form of a private id. Programs have their own use for the member `pid` of a
// browser's auth.
func IsPID(text string) bool { return len(text) == pidLength && isBase64(text) }

func isBase64(text string) bool {
	for i := range len(text) {
		c := text[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// AppendOffset appends a position as browsers see it. Nothing in it needs an escape in JSON.
func (s *Store) AppendOffset(buf []byte, at uint64) []byte {
	buf = append(buf, s.epoch...)
	buf = append(buf, '.')
	return strconv.AppendUint(buf, at, positionBase)
}

// ParseOffset is the other way round. It reports false for what this store has not written: each text has one position,
// and each position one text.
func (s *Store) ParseOffset(text string) (at uint64, ok bool) {
	if len(text) <= epochLength+1 || text[:epochLength] != s.epoch || text[epochLength] != '.' {
		return 0, false
	}
	at, err := strconv.ParseUint(text[epochLength+1:], positionBase, 64)
	if err != nil || strconv.FormatUint(at, positionBase) != text[epochLength+1:] {
		return 0, false
	}
	return at, true
}
