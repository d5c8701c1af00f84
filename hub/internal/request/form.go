package request

import "bytes"

// FormField takes a field out of a body of type application/x-www-form-urlencoded: of a repeated name the last
// value. False: there is none.
func FormField(body []byte, name string) (value []byte, ok bool) {
	for rest, more := body, true; more; {
		var field []byte
		field, rest, more = bytes.Cut(rest, []byte{'&'})
		if key, raw, found := bytes.Cut(field, []byte{'='}); found && string(key) == name {
			value, ok = raw, true
		}
	}
	return []byte(unescape(string(value))), ok
}
