package clientfiles

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

const script = "/*!\n * Socket.IO v4.8.1\n */\n"

// bundle makes a directory with the eight files and something else.
func bundle(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, n := range names {
		for _, name := range []string{n, n + ".map"} {
			content := script + strings.Repeat("var "+name+";\n", 200)
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "secret.txt"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func get(f *Files, name string, header ...string) *http.Response {
	r := httptest.NewRequest(http.MethodGet, "/socket.io/"+name, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	f.ServeFile(w, r, name)
	return w.Result()
}

func open(t *testing.T) *Files {
	t.Helper()
	f, err := Open(bundle(t))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestServeFile_EightNamesWithTheirTypes(t *testing.T) {
	f := open(t)
	if f.Version() != "4.8.1" {
		t.Errorf("version %q", f.Version())
	}
	for _, n := range names {
		for name, contentType := range map[string]string{
			n: "application/javascript; charset=utf-8", n + ".map": "application/json; charset=utf-8",
		} {
			res := get(f, name)
			body, _ := io.ReadAll(res.Body)
			if res.StatusCode != 200 || !strings.Contains(string(body), "var "+name+";") {
				t.Errorf("%s: %d", name, res.StatusCode)
			}
			if got := res.Header.Get("Content-Type"); got != contentType {
				t.Errorf("%s: %s", name, got)
			}
			if got := res.Header.Get("Cache-Control"); got != "public, max-age=0" {
				t.Errorf("%s: %s", name, got)
			}
		}
	}
}

func TestServeFile_KnownTagIsNotSentAgain(t *testing.T) {
	f := open(t)
	etag := get(f, names[0]).Header.Get("ETag")
	if !strings.HasPrefix(etag, `"4.8.1`) {
		t.Fatalf("tag %s", etag)
	}
	for _, match := range []string{etag, "W/" + etag, `"other", ` + etag, "*"} {
		res := get(f, names[0], "If-None-Match", match, "Accept-Encoding", "gzip")
		if body, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusNotModified || len(body) != 0 {
			t.Errorf("If-None-Match %s: %d with %d bytes", match, res.StatusCode, len(body))
		}
	}
	if res := get(f, names[0], "If-None-Match", `"4.7.0"`); res.StatusCode != 200 {
		t.Errorf("another version: %d", res.StatusCode)
	}
}

// A directory can be edited while the version stays: its tag has to change.
func TestOpen_TagTellsTheContent(t *testing.T) {
	dir := bundle(t)
	first, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, names[0]), []byte(script+"changed"), 0o600); err != nil {
		t.Fatal(err)
	}
	second, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := first.files[names[0]].etag, second.files[names[0]].etag; a == b {
		t.Errorf("the same tag %s", a)
	}
}

func TestServeFile_CompressedForThoseWhoTakeIt(t *testing.T) {
	f := open(t)
	plain, _ := io.ReadAll(get(f, names[1]).Body)
	for accept, want := range map[string]string{
		"gzip": "gzip", "br": "br", "gzip, deflate, br, zstd": "br", "br;q=0.4, gzip;q=0.5": "gzip", "GZIP": "gzip", "*": "br",
		"": "", "gzip;q=0": "", "gzip; q=0.0": "", "xgzip": "", "deflate": "", "identity": "",
	} {
		res := get(f, names[1], "Accept-Encoding", accept)
		if got := res.Header.Get("Content-Encoding"); got != want {
			t.Errorf("%q: coding %q", accept, got)
			continue
		}
		if vary := res.Header.Get("Vary"); vary != "Accept-Encoding" {
			t.Errorf("%q: Vary %q", accept, vary)
		}
		wire, _ := io.ReadAll(res.Body)
		if want != "" && len(wire) >= len(plain) || res.ContentLength >= 0 && int(res.ContentLength) != len(wire) {
			t.Errorf("%q: %d bytes of %d", accept, len(wire), len(plain))
		}
		var body io.Reader = bytes.NewReader(wire)
		switch want {
		case "gzip":
			body, _ = gzip.NewReader(body)
		case "br":
			body = brotli.NewReader(body)
		}
		if got, err := io.ReadAll(body); err != nil || string(got) != string(plain) {
			t.Errorf("%q: another content, %v", accept, err)
		}
	}
}

func TestServeFile_HeadHasTheHeadersAlone(t *testing.T) {
	f := open(t)
	for _, accept := range []string{"", "gzip", "br"} {
		get := get(f, names[0], "Accept-Encoding", accept)
		r := httptest.NewRequest(http.MethodHead, "/socket.io/"+names[0], nil)
		r.Header.Set("Accept-Encoding", accept)
		w := httptest.NewRecorder()
		f.ServeFile(w, r, names[0])
		head := w.Result()
		if head.StatusCode != 200 || w.Body.Len() != 0 {
			t.Errorf("%q: %d with %d bytes", accept, head.StatusCode, w.Body.Len())
		}
		for _, name := range []string{"Content-Type", "Content-Length", "Content-Encoding", "ETag", "Vary", "Cache-Control"} {
			if a, b := get.Header.Get(name), head.Header.Get(name); a != b {
				t.Errorf("%q: %s is %q, by GET %q", accept, name, b, a)
			}
		}
	}
}

// A range is one of the file and not of a compressed form, which has the same tag.
func TestServeFile_RangeIsOfTheFile(t *testing.T) {
	f := open(t)
	res := get(f, names[0], "Accept-Encoding", "br, gzip", "Range", "bytes=0-2")
	if body, _ := io.ReadAll(res.Body); res.StatusCode != 206 || string(body) != script[:3] || res.Header.Get("Content-Encoding") != "" {
		t.Errorf("%d %q %v", res.StatusCode, body, res.Header)
	}
}

func TestServeFile_WithoutTheBundleSaysHowToGetIt(t *testing.T) {
	res := get(&Files{}, "socket.io.js")
	body, _ := io.ReadAll(res.Body)
	if res.StatusCode != 404 || !strings.Contains(string(body), "--client-dir") || !strings.Contains(string(body), "make build") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}

func TestIsName_OnlyTheEight(t *testing.T) {
	for name, want := range map[string]bool{
		"socket.io.js": true, "socket.io.msgpack.min.js.map": true, "socket.io.esm.js": false, "": false, "secret.txt": false,
		"socket.io.js.map.map": false, "../socket.io.js": false, "SOCKET.IO.JS": false, ".map": false, "README.md": false,
	} {
		if IsName(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}

func TestOpen_RefusesAnotherDirectory(t *testing.T) {
	if _, err := Open(t.TempDir()); !errors.Is(err, ErrNoFiles) {
		t.Errorf("empty: %v", err)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, ErrNoFiles) {
		t.Errorf("absent: %v", err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "socket.io.js"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil {
		t.Error("a directory was taken for a file")
	}
}

// Whoever may write into the directory must not make the hub publish other files.
func TestOpen_NoLinkLeadsOut(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{names[0], names[1] + ".map"} {
		for what, target := range map[string]string{"absolute": outside, "relative": "../" + filepath.Base(filepath.Dir(outside)) + "/secret"} {
			dir := bundle(t)
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
				t.Skip(err)
			}
			if f, err := Open(dir); err == nil || f != nil {
				t.Errorf("%s, %s link: %v", name, what, err)
			}
		}
	}
	dir := bundle(t)
	inside := filepath.Join(dir, names[0])
	if err := os.Rename(inside, filepath.Join(dir, "real.js")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real.js", inside); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err != nil {
		t.Errorf("a link inside of the directory: %v", err)
	}
}

// What make build embeds has to be whole; a plain build embeds nothing.
func TestEmbedded_AllOrNothing(t *testing.T) {
	f := Embedded()
	if len(f.files) != 0 && len(f.files) != 8 {
		t.Errorf("%d of 8 files are embedded", len(f.files))
	}
	if len(f.files) == 8 && f.files["socket.io.js"].etag != `"`+f.Version()+`"` {
		t.Errorf("tag %s of version %s", f.files["socket.io.js"].etag, f.Version())
	}
}
