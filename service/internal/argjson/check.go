package argjson

import (
	"errors"

	"github.com/siohub/siohub/internal/placeholder"
)

// The errors of Check.
var (
	ErrNotArray     = errors.New("not a JSON array")
	ErrPlaceholders = errors.New("placeholders do not fit the attachments")
)

// Check checks an argument list as the hub does: a JSON array whose placeholders fit
// the attachments, of which there are as many as attachments says. No bytes are an
// empty list. Without attachments placeholders are data.
//
// Errors: ErrNotArray, ErrPlaceholders.
func Check(args []byte, attachments int) error {
	if len(args) == 0 {
		args = []byte("[]")
	}
	start := skipSpace(args, 0)
	if start == len(args) || args[start] != '[' || !validJSON(args) {
		return ErrNotArray
	}
	if attachments == 0 {
		return nil
	}
	c := checker{b: args, check: placeholder.Check{Attachments: attachments}, fit: true}
	if _, err := c.value(start, 0); err != nil {
		return ErrNotArray
	}
	if !c.fit || !c.check.Complete() {
		return ErrPlaceholders
	}
	return nil
}

// checker walks over JSON and shows each object to the rule.
type checker struct {
	b     []byte
	check placeholder.Check
	fit   bool // so far
}

// value passes over the value at i and returns its end.
func (c *checker) value(i, depth int) (int, error) {
	switch c.b[i] {
	case '[':
		list, err := openList(c.b, i, depth)
		if err != nil {
			return i, err
		}
		for list.more() {
			list.end, list.err = c.value(list.i, depth+1)
			list.next()
		}
		return list.i, list.err
	case '{':
		return c.object(i, depth)
	}
	return skipValue(c.b, i, depth)
}

func (c *checker) object(i, depth int) (int, error) {
	members, err := openObject(c.b, i, depth)
	if err != nil {
		return i, err
	}
	var object placeholder.Object
	for members.more() {
		member := memberOf(members.key())
		if members.err == nil {
			members.end, members.err = c.value(members.i, depth+1)
		}
		if members.err == nil {
			object.Value(member, c.b[members.i:members.end])
		}
		members.next()
	}
	c.fit = c.check.Object(object) && c.fit
	return members.i, members.err
}
