package hub

import (
	"net/http"
	"strings"

	"github.com/siohub/siohub/hub/internal/clientfiles"
)

// clientHandler serves the browser's side of Socket.IO below the hub's path:
// `/socket.io/socket.io.js` and its sisters. It never changes.
//
// Spec: socket.io 4.8, serveClient.
type clientHandler struct {
	prefix string // the hub's path with its final slash
	files  *clientfiles.Files
}

// newClientHandler reads Config.Client.Dir, or takes the embedded files. It is
// nil, which serves nothing, when Config.Client is disabled.
func newClientHandler(c Config) (*clientHandler, error) {
	if c.Client.Disabled {
		return nil, nil
	}
	files, err := clientfiles.Open(c.Client.Dir)
	if err != nil {
		return nil, &ConfigError{Key: clientDirKey, Value: c.Client.Dir, Allowed: clientDirAllowed}
	}
	return &clientHandler{prefix: strings.TrimSuffix(c.Path, "/") + "/", files: files}, nil
}

const (
	clientDirKey     = "client_dir"
	clientDirAllowed = "a directory with socket.io.js, such as node_modules/socket.io-client/dist, and without symbolic links that lead out of it; empty for the embedded files"
)

// checkClientDir says whether there are client files.
func checkClientDir(value any) error {
	dir, ok := value.(string)
	if ok {
		_, err := clientfiles.Open(dir)
		ok = err == nil
	}
	if !ok {
		return &ConfigError{Key: clientDirKey, Value: value, Allowed: clientDirAllowed}
	}
	return nil
}

// takes reports whether a request is for one of the files. OPTIONS and the like
// go on to the Engine.IO handler, which knows what to answer.
func (c *clientHandler) takes(r *http.Request) (name string, ok bool) {
	if c == nil || (r.Method != http.MethodGet && r.Method != http.MethodHead) {
		return "", false
	}
	name, ok = strings.CutPrefix(r.URL.Path, c.prefix)
	return name, ok && clientfiles.IsName(name)
}

// serve answers a request that takes named.
func (c *clientHandler) serve(w http.ResponseWriter, r *http.Request, name string) {
	c.files.ServeFile(w, r, name)
}
