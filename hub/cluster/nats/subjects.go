package nats

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/siohub/siohub/hub/cluster/internal/mesh"
)

// maxToken is how long a token may be before its hash stands for it: a subject has to fit into one line of NATS.
const maxToken = 256

// subjects are those below a prefix.
type subjects struct{ prefix string }

func (s subjects) hubs() string                 { return s.prefix + ".hubs" }
func (s subjects) hub(id string) string         { return s.prefix + ".hub." + id }
func (s subjects) namespace(name string) string { return s.prefix + ".ns." + token(name) }
func (s subjects) room(namespace, room string) string {
	return s.prefix + ".room." + token(namespace) + "." + token(room)
}
func (s subjects) rooms(namespace string) string {
	return s.prefix + ".room." + token(namespace) + ".*"
}

// of is the subject of an address.
func (s subjects) of(a mesh.Address) string {
	switch {
	case a.Hub != "":
		return s.hub(a.Hub)
	case a.Room != "":
		return s.room(a.Namespace, a.Room)
	case a.Namespace != "":
		return s.namespace(a.Namespace)
	}
	return s.hubs()
}

// address is what is known of who was meant by a subject: a room, if it can be read.
func (s subjects) address(subject string) mesh.Address {
	rest, ok := strings.CutPrefix(subject, s.prefix+".room.")
	if !ok {
		return mesh.Address{}
	}
	one, two, _ := strings.Cut(rest, ".")
	namespace, ok1 := untoken(one)
	room, ok2 := untoken(two)
	if !ok1 || !ok2 {
		return mesh.Address{}
	}
	return mesh.Address{Namespace: namespace, Room: room}
}

// token writes a name as a token of a subject: letters, digits and what is harmless as they are, other bytes as %XX, and what
// would be too long as %h and its SHA-256. Names that differ have tokens that differ.
func token(name string) string {
	if name == "" {
		return "%"
	}
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_/:+=@~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		const digits = "0123456789ABCDEF"
		b.WriteByte('%')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	if b.Len() > maxToken {
		sum := sha256.Sum256([]byte(name))
		return "%h" + hex.EncodeToString(sum[:])
	}
	return b.String()
}

// untoken reads a token, unless it is a hash.
func untoken(t string) (name string, ok bool) {
	switch {
	case t == "%":
		return "", true
	case !strings.Contains(t, "%"):
		return t, t != ""
	}
	var b strings.Builder
	for i := 0; i < len(t); i++ {
		if t[i] != '%' {
			b.WriteByte(t[i])
			continue
		}
		if i+2 >= len(t) {
			return "", false
		}
		c, err := hex.DecodeString(t[i+1 : i+3])
		if err != nil {
			return "", false
		}
		b.Write(c)
		i += 2
	}
	return b.String(), true
}
