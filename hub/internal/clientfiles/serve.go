package clientfiles

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/andybalholm/brotli"

	"github.com/siohub/siohub/hub/internal/request"
)

// missing is the body for a file that this build does not have.
const missing = `The hub was built without the browser's side of Socket.IO.

Either build it in:      npm ci && make build
or give a directory:     hub serve --client-dir node_modules/socket.io-client/dist
or let your page bundle: npm install socket.io-client
`

// IsName reports whether a name is one of the eight.
func IsName(name string) bool {
	script := strings.TrimSuffix(name, ".map")
	for _, n := range names {
		if n == script {
			return true
		}
	}
	return false
}

// ServeFile answers a GET or HEAD request for one of the eight names; one that is
// not there gets a 404 that says how to get it.
func (f *Files) ServeFile(w http.ResponseWriter, r *http.Request, name string) {
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	one := f.files[name]
	if one == nil {
		header.Set("Content-Type", "text/plain; charset=utf-8")
		header.Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(missing))
		return
	}
	header.Set("Content-Type", one.contentType)
	header.Set("Cache-Control", "public, max-age=0")
	header.Set("ETag", one.etag)
	header.Add("Vary", "Accept-Encoding")
	data := one.data
	if r.Header["Range"] == nil { // a range is one of the file, whose tag it goes with
		if coding := request.Encoding(r.Header["Accept-Encoding"], "br", "gzip"); coding != "" {
			if c := one.coded(coding); c != nil {
				header.Set("Content-Encoding", coding)
				data = c
			}
		}
	}
	// ServeContent compares If-None-Match, weak or strong, and answers HEAD and Range.
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
}

// brotliLevel is where a file takes a tenth of a second and is a quarter smaller than with gzip.
const brotliLevel = 6

// coded gives the compressed form, made on first use. Nil means that the file is
// not smaller for it.
func (f *file) coded(coding string) []byte {
	form := &f.gzip
	if coding == "br" {
		form = &f.brotli
	}
	form.once.Do(func() {
		var buf bytes.Buffer
		var w io.WriteCloser = gzip.NewWriter(&buf)
		if coding == "br" {
			w = brotli.NewWriterLevel(&buf, brotliLevel)
		}
		if _, err := w.Write(f.data); err != nil || w.Close() != nil || buf.Len() >= len(f.data) {
			return
		}
		form.data = bytes.Clone(buf.Bytes())
	})
	return form.data
}
