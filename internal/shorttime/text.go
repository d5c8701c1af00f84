package shorttime

import (
	"strings"
	"time"
)

// Text is d as time.Duration's String has it, but without minutes and seconds that are
// zero behind what is not: 1h, 1m, 0s. time.ParseDuration reads it.
func Text(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
