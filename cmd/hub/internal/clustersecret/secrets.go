package clustersecret

import (
	"bytes"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/siohub/siohub/cmd/hub/internal/filewatch"
)

const (
	// MinBytes is the length of the shortest secret: whoever can listen to the network may try secrets as fast as he likes.
	MinBytes = 32
	// MaxSecrets is how many are tried at most.
	MaxSecrets = 4
)

// Secrets are those of a file, with one a line: the first is used, and each is taken. Empty lines, and those that begin with #, do
// not count.
type Secrets struct {
	path    string
	log     *slog.Logger
	changed func()
	file    *filewatch.Files
	current atomic.Pointer[[][]byte]
}

// Open reads the file. changed is called, by whoever polls Watched, when other secrets are in force. The error says what is
// wrong with the file, without its path.
func Open(path string, log *slog.Logger, changed func()) (*Secrets, error) {
	s := &Secrets{path: path, log: log, changed: changed}
	file, contents, err := filewatch.Open(s.reread, path)
	if err != nil {
		return nil, err
	}
	list, err := parse(contents[0])
	if err != nil {
		return nil, err
	}
	s.file = file
	s.current.Store(&list)
	return s, nil
}

// Watched is the file.
func (s *Secrets) Watched() *filewatch.Files { return s.file }

// List are the secrets that are in force, which nobody changes.
func (s *Secrets) List() [][]byte { return *s.current.Load() }

func (s *Secrets) reread(contents [][]byte, err error) {
	var list [][]byte
	if err == nil {
		list, err = parse(contents[0])
	}
	if err != nil {
		s.log.Error("secrets of the cluster not read again, the old ones stay", "cluster.secret_file", s.path, "error", err)
		return
	}
	s.current.Store(&list)
	s.log.Info("secrets of the cluster read again", "cluster.secret_file", s.path, "secrets", len(list))
	s.changed()
}

// parse reads the lines. Its errors do not show what stands in them.
func parse(content []byte) (list [][]byte, err error) {
	number := 0
	for line := range bytes.Lines(content) {
		number++
		line = bytes.TrimSpace(line)
		switch {
		case len(line) == 0 || line[0] == '#':
		case len(line) < MinBytes:
			return nil, fmt.Errorf("line %d has %d characters; want at least %d, as from `openssl rand -base64 32`", number, len(line), MinBytes)
		case len(list) == MaxSecrets:
			return nil, fmt.Errorf("has more than %d secrets", MaxSecrets)
		default:
			list = append(list, bytes.Clone(line))
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("has no secret; want one of at least %d characters a line", MinBytes)
	}
	return list, nil
}
