package clientfiles

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"sync"
)

// dist has a README alone until `make build` has filled it.
//
//go:embed dist
var dist embed.FS

// names are the files of the reference server, each with its source map beside it.
var names = []string{"socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"}

// maxFileBytes bounds a file of a directory, which may be any directory.
const maxFileBytes = 16 << 20

// ErrNoFiles means that a directory has no socket.io.js.
var ErrNoFiles = errors.New("clientfiles: no socket.io.js in the directory")

// Files are the client files of one version.
type Files struct {
	version string
	files   map[string]*file
}

// file is one of them, kept in memory.
type file struct {
	data        []byte
	etag        string
	contentType string

	gzip, brotli form
}

// form is a compressed form of a file.
type form struct {
	once sync.Once
	data []byte // made by once; nil when it is not worth it
}

// Embedded returns the files that were built in. It may have none.
func Embedded() *Files {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		return &Files{}
	}
	f, err := read(sub, false)
	if err != nil {
		return &Files{}
	}
	return f
}

// Open reads the files of a directory, such as node_modules/socket.io-client/dist.
// Empty means the embedded ones. ErrNoFiles means that it is another directory.
func Open(dir string) (*Files, error) {
	if dir == "" {
		return Embedded(), nil
	}
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoFiles
	}
	if err != nil {
		return nil, fmt.Errorf("clientfiles: %w", err)
	}
	defer func() { _ = root.Close() }() // nothing was written
	f, err := read(root.FS(), true)
	if err != nil {
		return nil, fmt.Errorf("clientfiles: %w", err)
	}
	if f.files["socket.io.js"] == nil {
		return nil, ErrNoFiles
	}
	return f, nil
}

// Version is the version of the client, such as 4.8.1; empty without files.
func (f *Files) Version() string { return f.version }

// read takes what it finds of the eight files. A directory's files may be edited
// under the same version, so their tags tell the content as well.
func read(from fs.FS, tagContent bool) (*Files, error) {
	f := &Files{files: map[string]*file{}}
	for _, script := range names {
		for _, name := range []string{script, script + ".map"} {
			data, err := readFile(from, name)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, err
			}
			f.files[name] = &file{data: data, contentType: contentType(name)}
		}
	}
	if script := f.files["socket.io.js"]; script != nil {
		f.version = versionOf(script.data)
	}
	for _, one := range f.files {
		one.etag = `"` + f.version + `"`
		if tagContent || f.version == "" {
			sum := sha256.Sum256(one.data)
			one.etag = `"` + strings.TrimPrefix(f.version+"-"+hex.EncodeToString(sum[:8]), "-") + `"`
		}
	}
	return f, nil
}

func readFile(from fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(from, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFileBytes {
		return nil, fmt.Errorf("%s: want a file of at most %d bytes", name, maxFileBytes)
	}
	return fs.ReadFile(from, name)
}

// banner is the first comment of each script.
var banner = regexp.MustCompile(`Socket\.IO v(\d+\.\d+\.\d+[0-9A-Za-z.+-]*)`)

func versionOf(script []byte) string {
	head := script[:min(len(script), 512)]
	if m := banner.FindSubmatch(head); m != nil {
		return string(m[1])
	}
	return ""
}

func contentType(name string) string {
	if strings.HasSuffix(name, ".map") {
		return "application/json; charset=utf-8"
	}
	return "application/javascript; charset=utf-8"
}
