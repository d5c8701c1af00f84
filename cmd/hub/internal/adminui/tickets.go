package adminui

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"
)

// tickets are logins that every hub knows which has the same secret, name, password and namespace: nothing is remembered, as the id of
// a login says until when it is good, and is signed. They are safe for concurrent use.
//
//	h1. and in base64   8 bytes   until when, in seconds
//	                   16 bytes   random
//	                   32 bytes   HMAC-SHA-256 of these
type tickets struct {
	options *Options // set at construction
}

// ticketPrefix begins an id: others are logins that one hub remembers.
const ticketPrefix = "h1."

// ticketBytes is what is signed.
const ticketBytes = 8 + sessionBytes

// secrets are what ids are signed with: the first is used, each is taken.
func (t *tickets) secrets() [][]byte {
	if t.options.Secrets == nil {
		return nil
	}
	return t.options.Secrets()
}

// open is the id of a login. False: there is no secret.
func (t *tickets) open(now time.Time) (id string, ok bool) {
	secrets := t.secrets()
	if len(secrets) == 0 {
		return "", false
	}
	said := binary.BigEndian.AppendUint64(make([]byte, 0, ticketBytes+sha256.Size), uint64(now.Add(sessionTime).Unix()))
	said = said[:ticketBytes]
	// crypto/rand.Read never fails; it ends the program instead.
	_, _ = rand.Read(said[8:])
	return ticketPrefix + base64.RawURLEncoding.EncodeToString(append(said, t.sign(secrets[0], said)...)), true
}

// has reports whether an id is that of a login that is still good.
func (t *tickets) has(id string, now time.Time) bool {
	text, ok := strings.CutPrefix(id, ticketPrefix)
	if !ok || len(text) != base64.RawURLEncoding.EncodedLen(ticketBytes+sha256.Size) {
		return false
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return false
	}
	said, signature := raw[:ticketBytes], raw[ticketBytes:]
	left := time.Unix(int64(min(binary.BigEndian.Uint64(said), 1<<40)), 0).Sub(now)
	if left <= 0 || left > sessionTime+ticketSkew {
		return false
	}
	for _, secret := range t.secrets() {
		if hmac.Equal(signature, t.sign(secret, said)) {
			return true
		}
	}
	return false
}

// ticketSkew is by how much the clock of another hub may be ahead.
const ticketSkew = time.Minute

// sign is with a key that is good for nothing else that the secret is for, and for this password alone: who changes it ends all
// logins.
func (t *tickets) sign(secret, said []byte) []byte {
	key := hmac.New(sha256.New, secret)
	for _, part := range []string{"siohub admin UI 1", t.options.Namespace, t.options.Username, string(t.options.Password.last())} {
		key.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		key.Write([]byte(part))
	}
	sum := hmac.New(sha256.New, key.Sum(nil))
	sum.Write(said)
	return sum.Sum(nil)
}
