package recovery

import (
	"bytes"
	"encoding/json"
)

// Claim is what a browser says of the session that it had.
type Claim struct {
	PID string
	// Offset is that of the last packet that it has handled; Named is false if it says none.
	Offset string
	Named  bool
}

// Split takes a claim out of a browser's auth, which its client has put there, and returns what is left: nil if that is
// nothing. ok is false without a private id of a hub or, with foreign, one with an offset of a Node server, and nothing is taken out then.
//
// Source: socket.io-client 4.8, socket.ts, _sendConnectPacket.
func Split(auth []byte, foreign bool) (c Claim, rest []byte, ok bool) {
	if !bytes.Contains(auth, []byte(`pid`)) {
		return Claim{}, auth, false
	}
	in := json.NewDecoder(bytes.NewReader(auth))
	if t, err := in.Token(); err != nil || t != json.Delim('{') {
		return Claim{}, auth, false
	}
	rest = append(make([]byte, 0, len(auth)), '{')
	for in.More() {
		name, member, value, err := nextMember(in, auth)
		if err != nil {
			return Claim{}, auth, false
		}
		var text string
		isText := json.Unmarshal(value, &text) == nil && value[0] == '"'
		switch {
		case name == "pid" && isText && (IsPID(text) || foreign && isForeignPID(text)):
			c.PID, ok = text, true
			continue
		case name == "offset":
			c.Offset, c.Named = text, isText
			continue
		}
		if len(rest) > 1 {
			rest = append(rest, ',')
		}
		rest = append(rest, member...)
	}
	if !ok || !IsPID(c.PID) && !isForeignOffset(c) {
		return Claim{}, auth, false
	}
	if len(rest) == 1 {
		return c, nil, true
	}
	return c, append(rest, '}'), true
}

// isForeignOffset reports whether a claim is one of a Node server's session.
func isForeignOffset(c Claim) bool {
	_, ok := parsePosition(c.Offset, 10)
	return c.Named && ok
}

// nextMember reads a member of an object; member is all of its text.
func nextMember(in *json.Decoder, auth []byte) (name string, member, value []byte, err error) {
	from := in.InputOffset()
	t, err := in.Token()
	if err != nil {
		return "", nil, nil, err
	}
	var raw json.RawMessage
	if err := in.Decode(&raw); err != nil {
		return "", nil, nil, err
	}
	name, _ = t.(string)
	member = bytes.TrimLeft(auth[from:in.InputOffset()], ", \t\r\n")
	return name, member, raw, nil
}
