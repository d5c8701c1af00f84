package service

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestPayload_GoesOutByteForByte(t *testing.T) {
	p, err := encodeArgs([]any{Payload{Args: json.RawMessage(`[ 1 ]`), Attachments: [][]byte{{1}}}})
	if err != nil || string(p.Args) != `[ 1 ]` || len(p.Attachments) != 1 {
		t.Errorf("%s with %d attachments: %v", p.Args, len(p.Attachments), err)
	}
}

func TestPayload_IsTheOnlyArgument(t *testing.T) {
	for _, args := range [][]any{{Payload{}, 1}, {1, make(chan int)}} {
		if p, err := NewPayload(args...); err == nil || !strings.HasPrefix(err.Error(), "service: ") {
			t.Errorf("%v: %s, %v", args, p.Args, err)
		}
	}
}

func TestBindError_NamesTheArgument(t *testing.T) {
	var text string
	var file []byte
	for args, want := range map[string]string{
		`["a","b"]`: "service: bind argument 2: binary wanted, text found",
		`{}`:        "service: bind: not valid JSON",
	} {
		err := Payload{Args: json.RawMessage(args)}.Bind(&text, &file)
		var bind *BindError
		if !errors.As(err, &bind) || err.Error() != want {
			t.Errorf("%s: %v, want %s", args, err, want)
		}
	}
	if err := bindValue([]byte(`7`), &text); !strings.HasPrefix(err.Error(), "service: bind: json: ") {
		t.Error(err)
	}
	if err := bindValue(nil, &text); err != nil || text != "a" {
		t.Error(text, err)
	}
}
