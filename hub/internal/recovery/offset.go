package recovery

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/siohub/siohub/hub/cluster"
)

const (
	pidBytes   = 18 // tagBytes and 120 random bits
	tagBytes   = 3
	epochBytes = 6
	// pidLength, tagLength and epochLength are how long they are as text.
	pidLength   = pidBytes / 3 * 4
	tagLength   = tagBytes / 3 * 4
	epochLength = epochBytes / 3 * 4
	// foreignPIDLength is how long those of Node servers are.
	foreignPIDLength = 20
	// positionBase is that of the numbers in an offset.
	positionBase = 36
	// maxOffset bounds an offset, in bytes.
	maxOffset = 96
)

func random(n int) string {
	bytes := make([]byte, n)
	_, _ = rand.Read(bytes) // never fails, see crypto/rand
	return base64.RawURLEncoding.EncodeToString(bytes)
}

// newPID returns a private id, which begins with the tag of the hub that made it.
func newPID(tag string) string { return tag + random(pidBytes-tagBytes) }

// Tag is that of a hub. Few hubs have the same.
func Tag(hub string) string {
	sum := sha256.Sum256([]byte(hub))
	return base64.RawURLEncoding.EncodeToString(sum[:tagBytes])
}

// TagOf is the tag of the hub that made a private id. Empty: no hub has.
func TagOf(pid string) string {
	if len(pid) != pidLength {
		return ""
	}
	return pid[:tagLength]
}

// IsPID reports whether a text is of the form of a private id of a hub. Programs have their own use for the member `pid` of a
// browser's auth.
func IsPID(text string) bool { return len(text) == pidLength && isBase64(text) }

// isForeignPID is IsPID for those of Node servers.
//
// Source: base64id 2.0.
func isForeignPID(text string) bool { return len(text) == foreignPIDLength && isBase64(text) }

func isBase64(text string) bool {
	for i := range len(text) {
		c := text[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

func appendPlace(buf []byte, p Place) []byte {
	buf = strconv.AppendUint(append(buf, '.'), p.Of.Major, positionBase)
	buf = strconv.AppendUint(append(buf, '-'), p.Of.Minor, positionBase)
	return strconv.AppendUint(append(buf, '.'), p.Own, positionBase)
}

// parseOffset takes an offset of any hub apart. place is nil where there is none.
func parseOffset(text string) (epoch string, at uint64, place *Place, ok bool) {
	if len(text) <= epochLength+1 || len(text) > maxOffset || text[epochLength] != '.' || !isBase64(text[:epochLength]) {
		return "", 0, nil, false
	}
	position, rest, shared := strings.Cut(text[epochLength+1:], ".")
	if at, ok = parseNumber(position); !ok {
		return "", 0, nil, false
	}
	if shared {
		of, own, ok := strings.Cut(rest, ".")
		p, okOf := parsePosition(of, positionBase)
		n, okOwn := parseNumber(own)
		if !ok || !okOf || !okOwn {
			return "", 0, nil, false
		}
		place = &Place{Of: p, Own: n}
	}
	return text[:epochLength], at, place, true
}

// parseNumber reads a number that has one text.
func parseNumber(text string) (uint64, bool) {
	n, err := strconv.ParseUint(text, positionBase, 64)
	return n, err == nil && strconv.FormatUint(n, positionBase) == text
}

// parsePosition reads a position, as Node servers write it in decimal.
func parsePosition(text string, base int) (p cluster.Position, ok bool) {
	major, minor, ok := strings.Cut(text, "-")
	if !ok {
		return p, false
	}
	var errMajor, errMinor error
	p.Major, errMajor = strconv.ParseUint(major, base, 64)
	p.Minor, errMinor = strconv.ParseUint(minor, base, 64)
	return p, errMajor == nil && errMinor == nil
}

// decimal is a position as Node servers write it.
func decimal(p cluster.Position) string {
	return strconv.FormatUint(p.Major, 10) + "-" + strconv.FormatUint(p.Minor, 10)
}
