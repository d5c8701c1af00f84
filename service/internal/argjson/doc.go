// Package argjson turns the arguments of events into Go values and back:
//
//	args, attachments ─► Bind ─► *string, *MyStruct, *[]byte, …
//	"text", MyStruct{}, []byte{…} ─► Encode ─► args, attachments
//
// Arguments are one JSON array, in which placeholders mark where a binary argument
// belongs; see internal/placeholder. Values follow encoding/json and its struct tags,
// with these differences: a []byte at any depth is an attachment, a json.RawMessage
// goes out and comes in byte for byte, nothing is escaped for HTML, and floats look as
// JavaScript writes them. Unmarshal and Marshal do the same for one value in which a
// binary is not possible, such as `auth` or socket.data.
//
// What it is not: a JSON library. Values without room for a binary are left to
// encoding/json, and nothing here reads a stream. It knows neither events nor the
// contract; service does.
//
// # Where to find what
//
// bind.go and decode.go are the way in, encode.go and reflected.go the way out,
// fields.go the members of a struct type for both. scan.go finds where a JSON value
// ends. check.go checks an argument list as the hub does, for servicetest.
//
// # Bounds
//
// What comes from outside is walked over once, at most 600 levels deep; beyond them,
// and for anything that is not JSON, there is an error.
//
// Functions are safe for concurrent use. The package starts no goroutine; its one piece
// of shared state is the cache of struct types, a sync.Map.
package argjson
