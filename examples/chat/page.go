package chat

import (
	"embed"
	"io/fs"
)

//go:embed page
var page embed.FS

// Page returns the chat's page, index.html at its root. It takes
// /socket.io/socket.io.min.js from the server that serves it, connects to the
// same, and needs nothing else.
func Page() fs.FS {
	root, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // cannot happen: the folder is embedded above
	}
	return root
}
