package relay

import (
	"crypto/sha256"
	"encoding/base64"
)

// A session id of a hub that has others beside it is the one that it would have alone, 20 characters of which all are random,
// and behind it the key of its hub:
//
//	lv_VI97HAXpY6yYWAAAC  Zq0_xP
//	120 random bits       36 bits of SHA-256 of the hub's id
//
// Both are of the alphabet of base64url, which needs no quotes in a cookie or a query. The key says nothing of the hub, its
// address least of all: who has it can ask Peers, and nobody else.
const (
	randomChars = 20
	keyChars    = 6
)

// Key is what the ids of a hub's sessions end with.
func Key(hubID string) string {
	sum := sha256.Sum256([]byte("siohub session id of " + hubID))
	return base64.RawURLEncoding.EncodeToString(sum[:])[:keyChars]
}

// KeyOf is the key in a session id; false: it names no hub.
func KeyOf(sid string) (key string, ok bool) {
	if len(sid) != randomChars+keyChars {
		return "", false
	}
	for i := range len(sid) {
		if !isIDByte(sid[i]) {
			return "", false
		}
	}
	return sid[randomChars:], true
}

func isIDByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}
