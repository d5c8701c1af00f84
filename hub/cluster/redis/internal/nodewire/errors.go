package nodewire

import "errors"

// What a decoder refuses, beside the errors of siopacket.
var (
	errShape  = errors.New("nodewire: not of the right shape")
	errKind   = errors.New("nodewire: unknown type of message")
	errText   = errors.New("nodewire: text is not UTF-8")
	errNames  = errors.New("nodewire: too many names")
	errName   = errors.New("nodewire: name is too long")
	errLarge  = errors.New("nodewire: message is too large")
	errBase64 = errors.New("nodewire: neither JSON nor base64")
)
