package federation

import "errors"

var (
	errIncomplete = errors.New("federation: a question without what it is about")
	errUnknown    = errors.New("federation: an unknown question")
	errCrowded    = errors.New("federation: too many questions for lists wait")
)

// reasonOf is a word for a counter.
func reasonOf(err error) string {
	var worded interface{ Why() string }
	if errors.As(err, &worded) {
		return worded.Why()
	}
	switch {
	case errors.Is(err, errIncomplete):
		return "INCOMPLETE"
	case errors.Is(err, errUnknown):
		return "UNKNOWN"
	case errors.Is(err, errCrowded):
		return "CROWDED"
	}
	return "REFUSED"
}
