package request

import (
	"strconv"
	"strings"
)

// Encoding picks the content coding for an Accept-Encoding header, of those that are to be had, the better one first: the
// one with the highest weight. Empty: none.
//
// Spec: RFC 9110, 12.5.3.
func Encoding(header []string, codings ...string) string {
	accept := strings.Join(header, ",")
	best, bestWeight := "", 0.0
	for _, one := range codings {
		if w := weight(accept, one); w > bestWeight {
			best, bestWeight = one, w
		}
	}
	return best
}

// weight finds what the header gives to a coding; a star stands for those not named.
func weight(accept, name string) float64 {
	star := 0.0
	for len(accept) > 0 {
		var item string
		item, accept, _ = strings.Cut(accept, ",")
		coding, params, _ := strings.Cut(item, ";")
		coding = strings.ToLower(strings.TrimSpace(coding))
		if coding != name && coding != "*" {
			continue
		}
		q := 1.0
		if key, value, ok := strings.Cut(params, "="); ok && strings.EqualFold(strings.TrimSpace(key), "q") {
			parsed, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil || !(parsed >= 0 && parsed <= 1) {
				parsed = 0
			}
			q = parsed
		}
		if coding == name {
			return q
		}
		star = q
	}
	return star
}
