package hub

// CheckPayload tells whether arguments and their attachments are such that an emit would take them, and changes
// nothing: a JSON array, placeholders that fit, and the limits of an event.
//
// Errors: *ArgumentError, *LimitError.
func (h *Hub) CheckPayload(args []byte, attachments [][]byte) error {
	return h.checks.payload(args, attachments)
}
