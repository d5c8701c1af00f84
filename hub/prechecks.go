package hub

// MaxEventBytes is the largest event that a browser can send, with its attachments: Limits.Event.Bytes.
func (h *Hub) MaxEventBytes() int64 { return h.checks.limits.Event.Bytes }

// CheckData says what is wrong with a socket's data: JSON of at most Limits.DataBytes.
// Empty is none.
//
// Errors: *ArgumentError, *LimitError.
func (h *Hub) CheckData(data []byte) error { return h.checks.data(data) }

// Check says what is wrong with a policy. Nil is none.
//
// Errors: *ArgumentError.
func (p *Policy) Check() error { return p.check() }
