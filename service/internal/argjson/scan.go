package argjson

import "errors"

// maxDepth is how deep arrays and objects may lie in each other, on the way in
// and on the way out. The hub allows 512; beyond it somebody plays with the stack.
const maxDepth = 600

var (
	errSyntax = errors.New("not valid JSON")
	errDepth  = errors.New("too many arrays and objects inside of each other")
)

// The scanner finds where a JSON value ends, and checks it on the way, without
// decoding. Positions are offsets in b; every function takes the offset of the
// first byte and returns that after the last.

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skipValue passes over one value that begins at i, without space before it.
func skipValue(b []byte, i, depth int) (int, error) {
	if i >= len(b) {
		return i, errSyntax
	}
	switch c := b[i]; {
	case c == '"':
		return skipString(b, i)
	case c == '{':
		return skipObject(b, i, depth)
	case c == '[':
		return skipArray(b, i, depth)
	case c == 't':
		return skipLiteral(b, i, "true")
	case c == 'f':
		return skipLiteral(b, i, "false")
	case c == 'n':
		return skipLiteral(b, i, "null")
	default:
		return skipNumber(b, i)
	}
}

func skipLiteral(b []byte, i int, word string) (int, error) {
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return i, errSyntax
	}
	return i + len(word), nil
}

func skipString(b []byte, i int) (int, error) {
	if i >= len(b) || b[i] != '"' {
		return i, errSyntax
	}
	for i++; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return i + 1, nil
		case c < ' ':
			return i, errSyntax
		case c == '\\':
			var err error
			if i, err = skipEscape(b, i+1); err != nil {
				return i, err
			}
		}
	}
	return i, errSyntax
}

// skipEscape stands behind the backslash, and returns the last byte of the escape.
func skipEscape(b []byte, i int) (int, error) {
	if i >= len(b) {
		return i, errSyntax
	}
	switch b[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i, nil
	case 'u':
		if len(b)-i < 5 {
			return i, errSyntax
		}
		for _, c := range b[i+1 : i+5] {
			if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
				return i, errSyntax
			}
		}
		return i + 4, nil
	}
	return i, errSyntax
}

func skipNumber(b []byte, i int) (int, error) {
	if i < len(b) && b[i] == '-' {
		i++
	}
	switch j := skipDigits(b, i); {
	case j == i, b[i] == '0' && j > i+1: // none, or a leading zero
		return i, errSyntax
	default:
		i = j
	}
	if i < len(b) && b[i] == '.' {
		j := skipDigits(b, i+1)
		if j == i+1 {
			return i, errSyntax
		}
		i = j
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		j := skipDigits(b, i)
		if j == i {
			return i, errSyntax
		}
		i = j
	}
	return i, nil
}

func skipDigits(b []byte, i int) int {
	for i < len(b) && '0' <= b[i] && b[i] <= '9' {
		i++
	}
	return i
}

func skipArray(b []byte, i, depth int) (int, error) {
	list, err := openList(b, i, depth)
	if err != nil {
		return i, err
	}
	for list.more() {
		list.end, list.err = skipValue(b, list.i, depth+1)
		list.next()
	}
	return list.i, list.err
}

func skipObject(b []byte, i, depth int) (int, error) {
	object, err := openObject(b, i, depth)
	if err != nil {
		return i, err
	}
	for object.more() {
		object.key()
		if object.err == nil {
			object.end, object.err = skipValue(b, object.i, depth+1)
		}
		object.next()
	}
	return object.i, object.err
}

// container steps through the elements of an array or the members of an object:
// more says whether one begins at i, the caller finds its end, next goes on.
type container struct {
	b      []byte
	i      int  // where the next element begins; after the loop: behind the container
	end    int  // set by the caller: where the element ends
	close  byte // ']' or '}'
	closed bool
	err    error // the first error; ends the loop
}

func openList(b []byte, i, depth int) (container, error) { return openContainer(b, i, depth, '[', ']') }

func openObject(b []byte, i, depth int) (container, error) {
	return openContainer(b, i, depth, '{', '}')
}

func openContainer(b []byte, i, depth int, first, last byte) (container, error) {
	if i >= len(b) || b[i] != first {
		return container{}, errSyntax
	}
	if depth >= maxDepth {
		return container{}, errDepth
	}
	c := container{b: b, i: skipSpace(b, i+1), close: last}
	if c.i < len(b) && b[c.i] == last {
		c.i++
		c.closed = true
	}
	return c, nil
}

func (c *container) more() bool { return c.err == nil && !c.closed }

// key reads a member's name and moves i to its value. It returns the name with
// its quotes.
func (c *container) key() []byte {
	end, err := skipString(c.b, c.i)
	if err != nil {
		c.err = err
		return nil
	}
	name := c.b[c.i:end]
	i := skipSpace(c.b, end)
	if i >= len(c.b) || c.b[i] != ':' {
		c.err = errSyntax
		return nil
	}
	c.i = skipSpace(c.b, i+1)
	return name
}

// next passes over the comma, or the end, behind the element that ends at end.
func (c *container) next() {
	if c.err != nil {
		return
	}
	i := skipSpace(c.b, c.end)
	switch {
	case i < len(c.b) && c.b[i] == ',':
		c.i = skipSpace(c.b, i+1)
	case i < len(c.b) && c.b[i] == c.close:
		c.i, c.closed = i+1, true
	default:
		c.err = errSyntax
	}
}

// validJSON reports whether b is exactly one JSON value.
func validJSON(b []byte) bool {
	i, err := skipValue(b, skipSpace(b, 0), 0)
	return err == nil && skipSpace(b, i) == len(b)
}
