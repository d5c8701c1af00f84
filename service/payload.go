package service

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/siohub/siohub/service/internal/argjson"
)

// Payload is an argument list as it travels. Given as the only argument to Emit,
// Reply and the like it goes out byte for byte.
type Payload struct {
	// Args is a JSON array. Empty means no arguments.
	Args json.RawMessage
	// Attachments are the binary parts: `{"_placeholder":true,"num":N}` in Args is
	// the seat of Attachments[N].
	Attachments [][]byte
}

var errWithOther = errors.New("service: a Payload has to be the only argument")

// NewPayload encodes arguments as Emit and Reply do. It is of use where the same
// arguments are sent often.
func NewPayload(args ...any) (Payload, error) { return encodeArgs(args) }

// Bind decodes the arguments, see [Event.Bind].
func (p Payload) Bind(dst ...any) error { return bindArgs(p.Args, p.Attachments, dst) }

// encodeArgs encodes an argument list. The result shares no memory with args,
// except with a Payload.
func encodeArgs(args []any) (Payload, error) {
	if len(args) > 0 {
		if p, ok := args[0].(Payload); ok {
			if len(args) > 1 {
				return Payload{}, errWithOther
			}
			return p, nil
		}
	}
	encoded, attachments, err := argjson.Encode(args)
	if err != nil {
		return Payload{}, fmt.Errorf("service: %w", err)
	}
	return Payload{Args: encoded, Attachments: attachments}, nil
}

// encodeJSON encodes one value that is JSON alone; nil gives no bytes.
func encodeJSON(value any) ([]byte, error) {
	data, err := argjson.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("service: %w", err)
	}
	return data, nil
}

// bindArgs decodes an argument list into dst, one by one.
func bindArgs(args []byte, attachments [][]byte, dst []any) error {
	if argument, err := argjson.Bind(args, attachments, dst); err != nil {
		return &BindError{Argument: argument, Err: err}
	}
	return nil
}

// bindValue decodes one value without attachments; no bytes are no value.
func bindValue(data []byte, dst any) error {
	if err := argjson.Unmarshal(data, dst); err != nil {
		return &BindError{Argument: argjson.WholeList, Err: err}
	}
	return nil
}
