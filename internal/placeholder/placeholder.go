package placeholder

import "strconv"

// Member says what the name of an object's member means to the rule.
type Member byte

// The members of an object. Other, the zero value, is any that the rule ignores.
const (
	Other Member = iota
	mark
	num
)

// LongestName is the length in bytes that a JSON string has at most, quotes included,
// if MemberOf can say anything but Other of it: each character may be an escape.
const LongestName = len(`\u0000`)*len("_placeholder") + len(`""`)

// MemberOf tells what a name means. The name comes without quotes and escapes.
func MemberOf[T string | []byte](name T) Member {
	switch string(name) {
	case "_placeholder":
		return mark
	case "num":
		return num
	}
	return Other
}

// Object is what is known of one JSON object. The zero value is an object without
// members.
type Object struct {
	marked bool
	number int16 // plus one; zero means that there is none
}

// Value notes the value of a member as it is written. An array or an object means
// nothing to the rule: nil will do for its text.
func (o *Object) Value(m Member, raw []byte) {
	switch m {
	case mark:
		o.marked = string(raw) == "true"
	case num:
		o.number = small(raw) + 1
	}
}

// Number returns the number of the attachment that the object stands for, and whether
// it is a placeholder at all. The number is -1 if it has none that is valid.
func (o Object) Number() (int, bool) { return int(o.number) - 1, o.marked }

// small reads a number of at most three digits; it returns -1 for any other text.
func small(raw []byte) int16 {
	if len(raw) == 0 || len(raw) > 3 {
		return -1
	}
	var n int16
	for _, c := range raw {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int16(c-'0')
	}
	return n
}

// Check tells whether the placeholders of one payload fit its attachments.
type Check struct {
	// Attachments is how many there are, more than zero.
	Attachments int
	found       int
}

// Object takes an object that has ended. It returns false if the object is a
// placeholder that does not fit.
func (c *Check) Object(o Object) bool {
	number, ok := o.Number()
	if !ok {
		return true
	}
	c.found++
	return number >= 0 && number < c.Attachments && c.found <= c.Attachments
}

// Complete reports, at the end of the payload, whether there were as many
// placeholders as attachments.
func (c *Check) Complete() bool { return c.found == c.Attachments }

// Append writes the placeholder of the attachment n.
func Append(b []byte, n int) []byte {
	b = append(b, `{"_placeholder":true,"num":`...)
	b = strconv.AppendInt(b, int64(n), 10)
	return append(b, '}')
}
