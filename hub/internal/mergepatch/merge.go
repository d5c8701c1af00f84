package mergepatch

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// object is a JSON object whose values stand as they were written. Of a name that is there twice the last value
// counts.
type object map[string]json.RawMessage

// Merge applies a patch to a document. Both are valid JSON; an empty document counts as one that is not there. The
// members of merged objects come sorted by their names.
//
// Errors: either is no JSON.
//
// Spec: RFC 7396, section 2.
func Merge(doc, patch []byte) ([]byte, error) {
	changes, ok, err := parse(patch)
	if err != nil {
		return nil, fmt.Errorf("mergepatch: patch: %w", err)
	}
	if !ok {
		return bytes.Clone(patch), nil
	}
	members, _, err := parse(doc)
	if err != nil {
		return nil, fmt.Errorf("mergepatch: document: %w", err)
	}
	if members == nil {
		members = object{}
	}
	for name, change := range changes {
		if string(change) == "null" {
			delete(members, name)
			continue
		}
		if members[name], err = Merge(members[name], change); err != nil {
			return nil, err
		}
	}
	return members.encode()
}

// parse reads an object, and reports whether the text is one.
func parse(text []byte) (object, bool, error) {
	text = bytes.TrimLeft(text, " \t\r\n")
	if len(text) == 0 || text[0] != '{' {
		return nil, false, nil
	}
	var members object
	err := json.Unmarshal(text, &members)
	return members, true, err
}

// encode writes the members without touching their values, as json.Marshal would do.
func (o object) encode() ([]byte, error) {
	var b bytes.Buffer
	names := json.NewEncoder(&b)
	names.SetEscapeHTML(false)
	b.WriteByte('{')
	for i, name := range slices.Sorted(maps.Keys(o)) {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := names.Encode(name); err != nil {
			return nil, err
		}
		b.Truncate(b.Len() - 1) // the encoder ends what it writes with a line feed
		b.WriteByte(':')
		b.Write(o[name])
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
