package service

import "encoding/json"

// Payload is an argument list as it travels. Given as the only argument to Emit,
// Reply and the like it goes out byte for byte.
type Payload struct {
	// Args is a JSON array. Empty means no arguments.
	Args json.RawMessage
	// Attachments are the binary parts: `{"_placeholder":true,"num":N}` in Args is
	// the seat of Attachments[N].
	Attachments [][]byte
}
