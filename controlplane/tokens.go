package controlplane

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// minTokenBytes is the shortest token that is taken: shorter ones can be guessed.
const minTokenBytes = 16

// tokensCheck is how often the file is looked at, at most.
const tokensCheck = 2 * time.Second

// Tokens are static bearer tokens from a file, one `name: token` for each line. In
// the place of the token may stand `sha256:` and its hash in hexadecimal digits.
// Empty lines and lines that start with # are passed over. A name may occur more
// than once, so that a token can be exchanged without a gap.
//
// The file is read again when it changes; a broken one is logged, and what was read
// before stays in force. Its methods may be called at the same time.
type Tokens struct {
	path string
	log  *slog.Logger

	mu      sync.Mutex // guards the fields below; a leaf
	tokens  []token
	stamp   fileStamp
	checked time.Time
}

// token is kept as a hash, so that comparing takes the same time for all, and that
// a dump of the memory gives nothing away.
type token struct {
	name string
	hash [sha256.Size]byte
}

// fileStamp tells versions of a file apart.
type fileStamp struct {
	size int64
	time time.Time
}

// LoadTokens reads a file of tokens.
func LoadTokens(path string, logger *slog.Logger) (*Tokens, error) {
	if logger == nil {
		logger = slog.Default()
	}
	t := &Tokens{path: path, log: logger.With("component", "controlplane")}
	tokens, stamp, err := t.read()
	if err != nil {
		return nil, err
	}
	t.tokens, t.stamp, t.checked = tokens, stamp, time.Now()
	return t, nil
}

// Authenticate implements Authenticator. Every token is compared, each in constant
// time.
func (t *Tokens) Authenticate(_ context.Context, given Credentials) (*Identity, error) {
	if given.Token == "" {
		return nil, ErrTokenMissing
	}
	hash := sha256.Sum256([]byte(given.Token))
	var found *Identity
	for _, known := range t.current() {
		if subtle.ConstantTimeCompare(hash[:], known.hash[:]) == 1 {
			found = &Identity{Name: known.name}
		}
	}
	if found == nil {
		return nil, ErrTokenWrong
	}
	return found, nil
}

// current returns the tokens, read again if the file has changed.
func (t *Tokens) current() []token {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if now.Sub(t.checked) < tokensCheck {
		return t.tokens
	}
	t.checked = now
	info, err := os.Stat(t.path)
	if err == nil && (fileStamp{info.Size(), info.ModTime()}) == t.stamp {
		return t.tokens
	}
	tokens, stamp, err := t.read()
	if err != nil {
		t.log.Error("tokens not read again, the old ones stay", "error", err)
		return t.tokens
	}
	t.tokens, t.stamp = tokens, stamp
	t.log.Info("tokens read again", "count", len(tokens))
	return t.tokens
}

func (t *Tokens) read() ([]token, fileStamp, error) {
	info, err := os.Stat(t.path)
	if err != nil {
		return nil, fileStamp{}, fmt.Errorf("controlplane: tokens: %w", err)
	}
	text, err := os.ReadFile(t.path)
	if err != nil {
		return nil, fileStamp{}, fmt.Errorf("controlplane: tokens: %w", err)
	}
	tokens, err := parseTokens(text)
	return tokens, fileStamp{info.Size(), info.ModTime()}, err
}

// parseTokens reads the lines of a file. Errors name the line and never repeat it.
func parseTokens(text []byte) ([]token, error) {
	var tokens []token
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.Trim(strings.TrimSpace(value), `"'`)
		if !ok || name == "" || len(name) > maxNameBytes {
			return nil, fmt.Errorf("controlplane: tokens: line %d is not `name: token`", n)
		}
		hash, err := hashOf(value)
		if err != nil {
			return nil, fmt.Errorf("controlplane: tokens: line %d: %w", n, err)
		}
		tokens = append(tokens, token{name, hash})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("controlplane: tokens: %w", err)
	}
	if len(tokens) == 0 {
		return nil, fmt.Errorf("controlplane: tokens: the file has none")
	}
	return tokens, nil
}

func hashOf(value string) (hash [sha256.Size]byte, err error) {
	digits, hashed := strings.CutPrefix(value, "sha256:")
	if !hashed {
		if len(value) < minTokenBytes {
			return hash, fmt.Errorf("a token has at least %d bytes", minTokenBytes)
		}
		return sha256.Sum256([]byte(value)), nil
	}
	n, err := hex.Decode(hash[:], []byte(strings.TrimSpace(digits[:min(len(digits), 2*sha256.Size)])))
	if err != nil || n != sha256.Size || len(digits) != 2*sha256.Size {
		return hash, fmt.Errorf("a SHA-256 hash has %d hexadecimal digits", 2*sha256.Size)
	}
	return hash, nil
}
