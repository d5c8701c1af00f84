package argjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"unicode/utf8"
)

var errNotPointer = errors.New("the destination has to be a pointer that is not nil")

// WholeList is the number that Bind gives for an error of no single argument.
const WholeList = -1

// Bind decodes an argument list, a JSON array, into the values that dst points to, one
// by one. No bytes are an empty list. Missing arguments leave their value zero,
// arguments beyond the last dst are passed over, a nil dst skips one. A
// *json.RawMessage shares memory with args, a []byte with attachments.
//
// With an error comes the number of the argument that it is about, from 0, or
// WholeList.
func Bind(args []byte, attachments [][]byte, dst []any) (argument int, err error) {
	if len(args) == 0 {
		args = []byte("[]")
	}
	list, err := openList(args, skipSpace(args, 0), 0)
	if err != nil {
		return WholeList, err
	}
	for i, d := range dst {
		if !list.more() {
			if err := setZero(d); err != nil {
				return i, err
			}
			continue
		}
		start := list.i
		if list.end, err = skipValue(args, start, 1); err != nil {
			return i, err
		}
		if err := bindOne(args[start:list.end:list.end], attachments, d); err != nil {
			return i, err
		}
		if list.next(); list.err != nil {
			return WholeList, list.err
		}
	}
	return 0, nil
}

// Unmarshal decodes one value that is JSON alone. No bytes are no value: dst stays as
// it is.
func Unmarshal(data []byte, dst any) error {
	if len(data) == 0 {
		return nil
	}
	return bindOne(data, nil, dst)
}

// bindOne decodes one value. The common destinations do not go through
// reflection.
func bindOne(span []byte, attachments [][]byte, dst any) error {
	switch d := dst.(type) {
	case nil:
		return nil
	case *json.RawMessage:
		if d == nil {
			return errNotPointer
		}
		*d = span
		return nil
	case *[]byte:
		if d == nil {
			return errNotPointer
		}
		return bindBinary(span, attachments, d)
	case *string:
		if d != nil && plainString(span) {
			*d = string(span[1 : len(span)-1])
			return nil
		}
	}
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return errNotPointer
	}
	if len(attachments) == 0 {
		return json.Unmarshal(span, dst)
	}
	d := decoder{b: span, attachments: attachments}
	_, err := d.into(0, 0, v.Elem())
	return err
}

// bindBinary takes a binary argument. Unlike encoding/json it does not take text
// for base64: a browser that sent text where a file was expected is told so.
func bindBinary(span []byte, attachments [][]byte, dst *[]byte) error {
	if string(span) == "null" {
		*dst = nil
		return nil
	}
	d := decoder{b: span, attachments: attachments}
	attachment, ok := d.attachmentAt(0)
	if !ok {
		return fmt.Errorf("binary wanted, %s found", kindOf(span))
	}
	*dst = attachment
	return nil
}

// plainString reports whether a JSON string is its own content: no escape, and
// nothing that is not UTF-8.
func plainString(span []byte) bool {
	return len(span) >= 2 && span[0] == '"' && bytes.IndexByte(span, '\\') < 0 && utf8.Valid(span)
}

func setZero(dst any) error {
	if dst == nil {
		return nil
	}
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return errNotPointer
	}
	v.Elem().SetZero()
	return nil
}

// kindOf names a JSON value for people.
func kindOf(span []byte) string {
	switch span[0] {
	case '"':
		return "text"
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}
