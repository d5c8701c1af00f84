package clientfiles

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"time"
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
	if takesGzip(r.Header.Get("Accept-Encoding")) {
		if c := one.gzip(); c != nil {
			header.Set("Content-Encoding", "gzip")
			data = c
		}
	}
	// ServeContent compares If-None-Match, weak or strong, and answers HEAD and Range.
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
}

// gzip gives the compressed form, made on first use. Nil means that the file is
// not smaller for it.
func (f *file) gzip() []byte {
	f.compressOnce.Do(func() {
		var buf bytes.Buffer
		z := gzip.NewWriter(&buf)
		if _, err := z.Write(f.data); err != nil || z.Close() != nil || buf.Len() >= len(f.data) {
			return
		}
		f.compressed = bytes.Clone(buf.Bytes())
	})
	return f.compressed
}

// takesGzip reads an Accept-Encoding header: gzip is named, and not with q=0.
func takesGzip(accept string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		coding, params, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			continue
		}
		q := strings.ReplaceAll(strings.ToLower(params), " ", "")
		return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
	}
	return false
}
