package redis

import "bytes"

// askSuffix ends the name under which a hub asks Node servers: hubs pass over what such a sender says, as they have been asked
// over the mesh.
const askSuffix = "?"

// idBytes is the length of a hub's id.
const idBytes = 16

// identity is under what names this hub says something in Node's form. It is set by Open.
type identity struct {
	id    string
	askID string // as sender of questions
}

func (i *identity) set(id string) { i.id, i.askID = id, id+askSuffix }

// passedOver reports whether a sender is this hub, or another one that asks Node servers.
func (i *identity) passedOver(sender []byte) bool {
	switch len(sender) {
	case idBytes:
		return string(sender) == i.id
	case idBytes + len(askSuffix):
		return sender[idBytes] == askSuffix[0]
	}
	return false
}

// senderOf looks for the sender of a message where the codecs of hubs write it: at its very beginning. Others may have it
// elsewhere, which does not matter.
func senderOf(message []byte) []byte {
	if rest, ok := bytes.CutPrefix(message, []byte(`{"uid":"`)); ok {
		if end := bytes.IndexByte(rest, '"'); end >= 0 && end <= idBytes+len(askSuffix) {
			return rest[:end]
		}
		return nil
	}
	rest := message
	if len(rest) > 5 && rest[0]&0xf0 == 0x80 && string(rest[1:5]) == "\xa3uid" { // a map that begins with uid
		rest = rest[4:]
	} else if len(rest) < 2 || rest[0] != 0x93 { // an array of three
		return nil
	}
	rest = rest[1:]
	if len(rest) < 1 || rest[0]&0xe0 != 0xa0 { // a short text
		return nil
	}
	n := int(rest[0] & 0x1f)
	if len(rest) < 1+n {
		return nil
	}
	return rest[1 : 1+n]
}
