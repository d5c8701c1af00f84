package filewatch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"time"
)

// Every is how often files are looked at. A change counts after twice that at most.
const Every = time.Second

// maxBytes is the largest file that is read.
const maxBytes = 4 << 20

// Files are files that change together. They are not safe for concurrent use.
type Files struct {
	paths   []string
	changed func(contents [][]byte, err error)
	current snapshot
	pending *snapshot // seen once, and not the current one
}

// snapshot is what one poll has seen.
type snapshot struct {
	contents [][]byte
	err      error
}

func (s snapshot) equal(o snapshot) bool {
	return fmt.Sprint(s.err) == fmt.Sprint(o.err) && slices.EqualFunc(s.contents, o.contents, bytes.Equal)
}

// Open reads files for the first time. From then on changed is called, by Poll, with
// the new contents in the order of the paths, or with the error that keeps them from
// being read, once for each change.
func Open(changed func(contents [][]byte, err error), paths ...string) (*Files, [][]byte, error) {
	f := &Files{paths: paths, changed: changed}
	f.current = f.read()
	return f, f.current.contents, f.current.err
}

// Poll looks whether the files have changed.
func (f *Files) Poll() {
	now := f.read()
	switch {
	case now.equal(f.current):
		f.pending = nil
	case f.pending != nil && now.equal(*f.pending):
		f.current, f.pending = now, nil
		f.changed(now.contents, now.err)
	default:
		f.pending = &now
	}
}

func (f *Files) read() snapshot {
	contents := make([][]byte, len(f.paths))
	for i, path := range f.paths {
		var err error
		if contents[i], err = Read(path); err != nil {
			return snapshot{err: err}
		}
	}
	return snapshot{contents: contents}
}

// Read reads a small regular file that not everybody may write. Its error has the cause without the path, which
// stands beside it wherever it is told.
func Read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, cause(err)
	}
	// Opening a pipe would wait for its writer.
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	// Whoever writes a file of tokens, keys or authorities can become anybody.
	if mode := info.Mode().Perm(); mode&0o002 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("everybody on this machine may write it (mode %s); want chmod o-w", mode)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, cause(err)
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxBytes+1))
	if err != nil {
		return nil, cause(err)
	}
	if len(content) > maxBytes {
		return nil, fmt.Errorf("larger than %d bytes", maxBytes)
	}
	return content, nil
}

func cause(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// Run polls files until ctx ends. What comes over again has a change taken at once; nil is
// for nobody who asks.
func Run(ctx context.Context, again <-chan struct{}, files ...*Files) {
	tick := time.NewTicker(Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again:
			poll(files) // seen once
			poll(files)
		case <-tick.C:
			poll(files)
		}
	}
}

func poll(files []*Files) {
	for _, f := range files {
		f.Poll()
	}
}
