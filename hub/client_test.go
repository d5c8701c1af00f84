package hub

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

func TestClientHandler_TakesTheExactNamesOnly(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "socket.io.js"), []byte("/* Socket.IO v4.8.1 */"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := newClientHandler(Config{Path: "/socket.io/", Client: ClientFiles{Dir: dir}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		method, target string
		want           bool
	}{
		{"GET", "/socket.io/socket.io.js", true},
		{"GET", "/socket.io/socket.io.js?v=7&EIO=4", true},
		{"HEAD", "/socket.io/socket.io.min.js.map", true},
		{"GET", "/socket.io/socket.io.esm.js", false},
		{"GET", "/socket.io/", false},
		{"GET", "/socket.io.js", false},
		{"GET", "/socket.io/x/socket.io.js", false},
		{"POST", "/socket.io/socket.io.js", false},
		{"OPTIONS", "/socket.io/socket.io.js", false},
	} {
		r := httptest.NewRequest(tt.method, tt.target, nil)
		name, ok := c.takes(r)
		if ok != tt.want {
			t.Errorf("%s %s: %v", tt.method, tt.target, ok)
		}
		if ok {
			w := httptest.NewRecorder()
			c.serve(w, r, name)
			if w.Code != http.StatusOK && w.Code != http.StatusNotFound {
				t.Errorf("%s %s: %d", tt.method, tt.target, w.Code)
			}
		}
	}
}

func TestClientHandler_OffTakesNothing(t *testing.T) {
	c, err := newClientHandler(Config{Client: ClientFiles{Disabled: true}})
	if err != nil || c != nil {
		t.Fatalf("%v, %v", c, err)
	}
	if _, ok := c.takes(httptest.NewRequest("GET", "/socket.io/socket.io.js", nil)); ok {
		t.Error("taken")
	}
}

func TestClientHandler_WrongDirectoryIsAConfigError(t *testing.T) {
	_, err := newClientHandler(Config{Client: ClientFiles{Dir: t.TempDir()}})
	var wrong *ConfigError
	if !errors.As(err, &wrong) || wrong.Key != "client_dir" {
		t.Errorf("got %v", err)
	}
}

// Client files carry the CORS headers of everything else under the path, so that a
// page elsewhere can import them as a module.
func TestServeHTTP_ClientFilesFollowTheOriginPolicy(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "socket.io.js"), []byte("/* Socket.IO v4.8.1 */"), 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := New(Config{Application: deaf{}, Client: ClientFiles{Dir: dir}, CORS: CORS{Origins: []string{"https://good.example"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Shutdown(t.Context()) }()
	for origin, want := range map[string]string{"https://good.example": "https://good.example", "https://evil.example": "", "": ""} {
		r := httptest.NewRequest("GET", "/socket.io/socket.io.js", nil)
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := w.Header().Get("Access-Control-Allow-Origin"); got != want || w.Code != http.StatusOK {
			t.Errorf("origin %q: %d, allowed %q", origin, w.Code, got)
		}
	}
}

// deaf is an application that nobody reaches.
type deaf struct{ Application }
