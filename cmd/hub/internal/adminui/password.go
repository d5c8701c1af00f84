package adminui

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/crypto/bcrypt"
)

const (
	// minCost and maxCost bound what comparing a password costs: 14 is about a second.
	minCost = 10
	maxCost = 14
	// maxHashFile is how much of a file is read.
	maxHashFile = 4 << 10
)

// HashAllowed says what a hash may be.
var HashAllowed = fmt.Sprintf("a bcrypt hash of cost %d to %d, as `htpasswd -nBC 12 \"\"` prints it after the colon", minCost, maxCost)

// ErrHash says that something is no hash that is taken.
var ErrHash = errors.New("adminui: no bcrypt hash of an allowed cost")

// IsHash reports whether a text is a hash that is taken.
func IsHash(text string) bool {
	cost, err := bcrypt.Cost([]byte(text))
	return err == nil && minCost <= cost && cost <= maxCost
}

// Password is what pages have to show, as its hash. It is safe for concurrent use.
type Password struct {
	file string // empty: it does not change

	mu   sync.Mutex // guards hash
	hash []byte     // the last good one
}

// OpenPassword takes a hash, or reads it from a file, which is read again from time to time. Its error is ErrHash, or that of the
// file.
func OpenPassword(hash, file string) (*Password, error) {
	p := &Password{file: file, hash: []byte(hash)}
	if file != "" {
		read, err := readHash(file)
		p.hash = read
		return p, err
	}
	if !IsHash(hash) {
		return nil, ErrHash
	}
	return p, nil
}

func readHash(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxHashFile))
	if err != nil {
		return nil, err
	}
	text = bytes.TrimSpace(text)
	text = bytes.TrimPrefix(text, []byte(":")) // of htpasswd without a name
	if !IsHash(string(text)) {
		return nil, ErrHash
	}
	return text, nil
}

// last is the hash that was the last good one when the file was looked at.
func (p *Password) last() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hash
}

// current is the hash at this moment. changed says that it is another one than before; err, that the file cannot be used, and
// that the hash is the last good one.
func (p *Password) current() (hash []byte, changed bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file == "" {
		return p.hash, false, nil
	}
	read, err := readHash(p.file)
	if err != nil {
		return p.hash, false, err
	}
	changed = !bytes.Equal(read, p.hash)
	p.hash = read
	return p.hash, changed, nil
}
