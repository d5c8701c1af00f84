package siopacket

// Visitor is told of the parts of a JSON text, in their order.
type Visitor interface {
	// Open begins an object, or else an array.
	Open(object bool)
	// Key is a member's name as it is written, quotes included. Its value follows.
	Key(raw []byte)
	// Scalar is a string, number, true, false or null, as it is written.
	Scalar(raw []byte)
	// Close ends the innermost container. An error ends the walk.
	Close() error
}

// Walk reads one JSON value from end to end and tells v, which may be nil, of its parts. It returns an error when the
// text is not well-formed or nested deeper than maxDepth (at most MaxDepth); v has been told of what stands before.
func Walk(data []byte, maxDepth int, v Visitor) error {
	s := scanner{data: data, maxDepth: min(maxDepth, MaxDepth), visitor: v}
	if err := s.value(); err != nil {
		return err
	}
	if s.space(); s.pos != len(s.data) {
		return ErrSyntax
	}
	return nil
}
