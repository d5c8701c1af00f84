package request

import "strings"

// Text makes a text valid UTF-8: it may end up in a protobuf string, where one stray byte would
// end a service's stream.
func Text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// Cut is Text of a text's first n bytes, with an ellipsis where it is longer: for logs and reports.
func Cut(s string, n int) string {
	if s = Text(s); len(s) > n {
		return Text(s[:n]) + "…"
	}
	return s
}
