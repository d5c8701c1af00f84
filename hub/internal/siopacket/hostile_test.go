package siopacket

import (
	"runtime"
	"strings"
	"testing"
)

// Inputs of the largest size that a transport lets through, each chosen to make a decoder hold much for
// little. Decoding any of them may not allocate more than the input itself.
func TestJSON_HostileInputIsHeldInLittle(t *testing.T) {
	const size = 900_000
	fill := func(text string) string { return strings.Repeat(text, size/len(text)) }
	j := NewJSON(Limits{})
	for name, text := range map[string]string{
		"nesting":        `2["a",` + fill("["),
		"objects":        `2["a",` + fill(`{"a":`),
		"bindings":       `510-["a",` + fill(`{"_placeholder":[`),
		"placeholders":   `510-["a"` + fill(`,{"_placeholder":true,"num":0}`) + "]",
		"digits":         `2["a",` + fill("1") + "]",
		"ack id":         `2` + fill("1"),
		"escapes":        `2["a","` + fill(`\u0041`) + `"]`,
		"escaped name":   `2["` + fill(`\u0041`) + `"]`,
		"escaped keys":   `51-["a",{` + fill(`"\u006e\u0075\u006d":1,`) + `"num":0}]`,
		"empty arrays":   `2["a",` + fill("[],") + "[]]",
		"arguments":      `2["a"` + fill(",1") + "]",
		"long namespace": `2/` + fill("n") + `,["a"]`,
		"count":          `5` + fill("9") + `-["a"]`,
		"white space":    `2` + fill(" ") + `["a"]`,
	} {
		t.Run(name, func(t *testing.T) {
			data := []byte(text)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _, err := j.Decode(data, false)
			runtime.ReadMemStats(&after)
			if held := after.TotalAlloc - before.TotalAlloc; held > size+64<<10 {
				t.Errorf("%d bytes allocated for %d (%v)", held, len(text), err)
			}
		})
	}
}
