package adminui

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

func newTickets(t *testing.T, username, namespace, hash string, secrets ...string) *tickets {
	t.Helper()
	password, err := OpenPassword(hash, "")
	if err != nil {
		t.Fatal(err)
	}
	return &tickets{&Options{Namespace: namespace, Username: username, Password: password, Secrets: func() (all [][]byte) {
		for _, s := range secrets {
			all = append(all, []byte(s))
		}
		return all
	}}}
}

const (
	oneHash     = "$2a$10$/1WzEkQ99H1xwh9VoL6rJedFmgYxx1uIceNBnC115USeynTjY/UTq"
	anotherHash = "$2a$10$/1WzEkQ99H1xwh9VoL6rJedFmgYxx1uIceNBnC115USeynTjY/UTr"
)

// A login at one hub is one at each that has the same secret and the same configuration, also while the secret is replaced, for a day.
func TestTickets_AreKnownWhereTheSecretIs(t *testing.T) {
	now := time.Now()
	id, ok := newTickets(t, "admin", "/admin", oneHash, "secret one").open(now)
	if !ok || len(id) > 120 {
		t.Fatalf("%q", id)
	}
	for name, row := range map[string]struct {
		at   *tickets
		now  time.Time
		want bool
	}{
		"another hub":               {newTickets(t, "admin", "/admin", oneHash, "secret one"), now, true},
		"a moment before its end":   {newTickets(t, "admin", "/admin", oneHash, "secret one"), now.Add(sessionTime - 2*time.Second), true},
		"after it":                  {newTickets(t, "admin", "/admin", oneHash, "secret one"), now.Add(sessionTime), false},
		"a clock that is behind":    {newTickets(t, "admin", "/admin", oneHash, "secret one"), now.Add(-ticketSkew / 2), true},
		"one of the day before":     {newTickets(t, "admin", "/admin", oneHash, "secret one"), now.Add(-sessionTime), false},
		"with the secret as second": {newTickets(t, "admin", "/admin", oneHash, "secret two", "secret one"), now, true},
		"with another secret":       {newTickets(t, "admin", "/admin", oneHash, "secret two"), now, false},
		"without a secret":          {newTickets(t, "admin", "/admin", oneHash), now, false},
		"another name":              {newTickets(t, "root", "/admin", oneHash, "secret one"), now, false},
		"another namespace":         {newTickets(t, "admin", "/ops", oneHash, "secret one"), now, false},
		"another password":          {newTickets(t, "admin", "/admin", anotherHash, "secret one"), now, false},
	} {
		if got := row.at.has(id, row.now); got != row.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if other, _ := newTickets(t, "admin", "/admin", oneHash, "secret one").open(now); other == id {
		t.Error("two logins have one id")
	}
	if id, ok := newTickets(t, "admin", "/admin", oneHash).open(now); ok {
		t.Errorf("without a secret: %q", id)
	}
}

// What was not signed, or was changed, is no login.
func TestAttack_TicketsCannotBeMade(t *testing.T) {
	now := time.Now()
	at := newTickets(t, "admin", "/admin", oneHash, "secret one")
	id, _ := at.open(now)
	text := strings.TrimPrefix(id, ticketPrefix)
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		raw[i] ^= 1
		if at.has(ticketPrefix+base64.RawURLEncoding.EncodeToString(raw), now) {
			t.Errorf("byte %d may be another one", i)
		}
		raw[i] ^= 1
	}
	for _, other := range []string{"", ticketPrefix, text, "h2." + text, id + "A", id[:len(id)-1], ticketPrefix + strings.Repeat("A", len(text)), ticketPrefix + strings.Repeat("/", len(text)), strings.Repeat("h1.", 1<<16)} {
		if at.has(other, now) {
			t.Errorf("%.40q is a login", other)
		}
	}
}
