package command

import (
	"encoding/base64"

	"github.com/siohub/siohub/controlplane/internal/fault"
)

// A page token says behind which name the next page begins: names may come and go
// between two pages, and none that stays is passed over. For a minute what a page has left is kept for the
// next one (cursors.go), so that it need not be looked for. Callers see no name in it,
// so that nobody makes one by hand.

// The first byte of a token says of which list it is.
const (
	tokenOfRooms = 'r'
	tokenOfUsers = 'u'
)

func makeToken(list byte, last string) string {
	return base64.RawURLEncoding.EncodeToString(append([]byte{list}, last...))
}

// readToken is the name in a token. Empty for none.
func readToken(list byte, token string) (last string, f *fault.Fault) {
	if token == "" {
		return "", nil
	}
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(text) < 2 || text[0] != list {
		return "", fault.At(fault.BadPageToken, "page_token", "is none of this list")
	}
	return string(text[1:]), nil
}
