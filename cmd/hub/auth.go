package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io/fs"
	"log/slog"

	"github.com/siohub/siohub/cmd/hub/internal/config"
	"github.com/siohub/siohub/controlplane"
)

// newAuthenticator knows the tokens of the file, those of the list, and more. Nil
// means that nobody needs one.
func newAuthenticator(c *config.Control, more []config.Token, logger *slog.Logger) (controlplane.Authenticator, error) {
	if !c.Guarded() {
		return nil, nil
	}
	known := authenticators{newTokenTable(append(c.TokenList(), more...))}
	if c.TokensFile == "" {
		return known, nil
	}
	file, err := controlplane.LoadTokens(c.TokensFile, logger)
	if err != nil {
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			err = pathErr.Err // without the path, which stands beside it
		}
		return nil, &config.Error{Problems: []*config.Problem{{
			Key: "control.tokens_file", Value: c.TokensFile, Allowed: err.Error(),
		}}}
	}
	return append(known, file), nil
}

// authenticators ask one after the other.
type authenticators []controlplane.Authenticator

// Authenticate implements controlplane.Authenticator.
func (a authenticators) Authenticate(ctx context.Context, c controlplane.Credentials) (who *controlplane.Identity, err error) {
	for _, one := range a {
		if who, err = one.Authenticate(ctx, c); err == nil {
			return who, nil
		}
	}
	return nil, err
}

// tokenTable keeps hashes, so that neither a dump nor the time of a comparison
// tells a token.
type tokenTable []hashedToken

type hashedToken struct {
	identity string
	hash     [sha256.Size]byte
}

func newTokenTable(tokens []config.Token) tokenTable {
	table := make(tokenTable, 0, len(tokens))
	for _, t := range tokens {
		table = append(table, hashedToken{t.Name, sha256.Sum256([]byte(t.Secret))})
	}
	return table
}

// Authenticate implements controlplane.Authenticator.
func (t tokenTable) Authenticate(_ context.Context, c controlplane.Credentials) (*controlplane.Identity, error) {
	if c.Token == "" {
		return nil, controlplane.ErrTokenMissing
	}
	hash := sha256.Sum256([]byte(c.Token))
	var found *controlplane.Identity
	for _, one := range t {
		// All are compared, so that the time does not tell the place of a hit.
		if subtle.ConstantTimeCompare(hash[:], one.hash[:]) == 1 {
			found = &controlplane.Identity{Name: one.identity}
		}
	}
	if found == nil {
		return nil, controlplane.ErrTokenWrong
	}
	return found, nil
}

// drawToken makes a token for a service that this process starts itself.
func drawToken(name string) config.Token { return config.Token{Name: name, Secret: rand.Text()} }
