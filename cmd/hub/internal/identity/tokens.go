package identity

import (
	"context"
	"crypto/subtle"
	"errors"
	"slices"
	"sync/atomic"

	"github.com/siohub/siohub/cmd/hub/internal/token"
	"github.com/siohub/siohub/controlplane/access"
)

var errNoTokens = errors.New("has no tokens; want `name: token` or `name: sha256:HASH` lines")

// entry is a token that is in force, and who has it.
type entry struct {
	token.Token
	identity *access.Identity
	revoke   context.CancelCauseFunc
}

func newEntry(t token.Token, permissions *access.Permissions) *entry {
	life, revoke := context.WithCancelCause(context.Background())
	return &entry{
		Token: t, revoke: revoke,
		identity: &access.Identity{Name: t.Name, Permissions: permissions, Life: life},
	}
}

// entries makes entries with the permissions of their names.
func (a *Authenticator) entries(tokens []token.Token) table {
	var t table
	for _, one := range tokens {
		t = append(t, newEntry(one, a.permissionsOf(one.Name)))
	}
	return t
}

// table are tokens. It never changes.
type table []*entry

// find compares all hashes, each in constant time, so that the time does not tell the
// place of a hit.
func (t table) find(hash token.Hash) *entry {
	var found *entry
	for _, e := range t {
		if subtle.ConstantTimeCompare(hash[:], e.Hash[:]) == 1 {
			found = e
		}
	}
	return found
}

// tokenFile are the tokens of the file as it was last read.
type tokenFile struct{ table atomic.Pointer[table] }

func (f *tokenFile) find(hash token.Hash) *entry {
	if t := f.table.Load(); t != nil {
		return t.find(hash)
	}
	return nil
}

// replace puts new tokens in force. Those that stay keep their entries, so that
// streams live on; those that are gone are revoked.
func (f *tokenFile) replace(next table) (removed int) {
	var old table
	if t := f.table.Load(); t != nil {
		old = *t
	}
	for i, e := range next {
		if at := slices.IndexFunc(old, func(o *entry) bool { return o.Token == e.Token }); at >= 0 {
			next[i] = old[at]
		}
	}
	f.table.Store(&next)
	for _, e := range old {
		if !slices.Contains(next, e) {
			e.revoke(access.ErrTokenRevoked)
			removed++
		}
	}
	return removed
}

// reread takes the file as it is now.
func (a *Authenticator) reread(contents [][]byte, err error) {
	var tokens []token.Token
	if err == nil {
		tokens, err = token.ParseFile(contents[0])
	}
	if err != nil {
		a.log.Error("tokens not read again, the old ones stay", "file", a.options.File, "error", err)
		return
	}
	removed := a.file.replace(a.entries(tokens))
	a.log.Info("tokens read again", "count", len(tokens), "removed", removed)
}
