package token

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of tokens.
const (
	// MinBytes is the shortest token: shorter ones can be guessed.
	MinBytes = 16
	// maxNameBytes bounds the name of an identity.
	maxNameBytes = 128
	// hashPrefix marks a hash that stands in the place of the token.
	hashPrefix = "sha256:"
)

// Hash is the SHA-256 of a token. Tokens are random, so that it needs neither salt
// nor stretching.
type Hash [sha256.Size]byte

// HashOf is the hash of a token.
func HashOf(token string) Hash { return sha256.Sum256([]byte(token)) }

// String is the hash as a tokens file has it.
func (h Hash) String() string { return hashPrefix + hex.EncodeToString(h[:]) }

// Token is a token that somebody has.
type Token struct {
	// Name is the identity that it belongs to.
	Name string
	Hash Hash
}

// New draws a token: 130 random bits as 26 letters and digits.
func New() string { return rand.Text() }

// CheckName says what is wrong with the name of an identity.
func CheckName(name string) error {
	switch {
	case name == "" || len(name) > maxNameBytes:
		return fmt.Errorf("a name has 1 to %d bytes", maxNameBytes)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return errors.New("a name is UTF-8 without control characters")
	case strings.ContainsAny(name, ":#\"', \t"):
		return errors.New("a name has no colon, comma, number sign, quote or blank")
	}
	return nil
}

// Parse reads one `name: token`. Its error never repeats what it read.
func Parse(line string) (Token, error) {
	name, value, ok := strings.Cut(line, ":")
	name, value = strings.TrimSpace(name), strings.Trim(strings.TrimSpace(value), `"'`)
	if !ok {
		return Token{}, errors.New("want `name: token`")
	}
	if err := CheckName(name); err != nil {
		return Token{}, err
	}
	if digits, hashed := strings.CutPrefix(value, hashPrefix); hashed {
		return parseHash(name, strings.TrimSpace(digits))
	}
	switch {
	case len(value) < MinBytes:
		return Token{}, fmt.Errorf("a token has at least %d bytes", MinBytes)
	case strings.ContainsAny(value, " \t\r\n"):
		return Token{}, errors.New("a token has no blanks")
	}
	return Token{name, HashOf(value)}, nil
}

func parseHash(name, digits string) (Token, error) {
	t := Token{Name: name}
	bytes, err := hex.DecodeString(digits)
	if err != nil || len(bytes) != len(t.Hash) {
		return Token{}, fmt.Errorf("a SHA-256 hash has %d hexadecimal digits", 2*sha256.Size)
	}
	copy(t.Hash[:], bytes)
	return t, nil
}

// ParseFile reads the lines of a file. It returns no tokens and no error for a file
// that has none.
func ParseFile(text []byte) ([]Token, error) {
	var tokens []Token
	owners := map[Hash]string{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		t, err := Parse(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if owner, ok := owners[t.Hash]; ok && owner != t.Name {
			return nil, fmt.Errorf("line %d: the token belongs to %q already", n, owner)
		}
		owners[t.Hash] = t.Name
		tokens = append(tokens, t)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	return tokens, nil
}

// HasPlain reports whether a file that ParseFile takes has a token itself, and not hashes alone.
func HasPlain(text []byte) bool {
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		_, value, _ := strings.Cut(line, ":")
		value = strings.Trim(strings.TrimSpace(value), `"'`)
		if line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(value, hashPrefix) {
			return true
		}
	}
	return false
}
