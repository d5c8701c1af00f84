package msgpacket

import (
	"bytes"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/internal/siopacket"
)

func TestValue_ThereAndBack(t *testing.T) {
	for _, data := range []string{
		`null`, `"x"`, `[]`, `{}`, `18446744073709551615`, `-9223372036854775808`, `1.5`,
		`["a",{"deep":[{"x":{"_placeholder":true,"num":0}},{"_placeholder":true,"num":1}]}]`,
	} {
		attachments := [][]byte(nil)
		if strings.Contains(data, "placeholder") {
			attachments = [][]byte{{1, 2, 3}, {}}
		}
		packed := AppendJSON([]byte("before"), []byte(data), attachments)
		got, binary, err := ToJSON(packed[len("before"):], siopacket.Limits{}, 1<<20)
		if err != nil || string(got) != data {
			t.Errorf("%s became %s, %v", data, got, err)
		}
		if len(binary) != len(attachments) {
			t.Fatalf("%s: %d attachments", data, len(binary))
		}
		for i := range binary {
			if !bytes.Equal(binary[i], attachments[i]) {
				t.Errorf("%s: attachment %d is %x", data, i, binary[i])
			}
		}
	}
}

func TestValue_Refused(t *testing.T) {
	for name, c := range map[string]struct {
		data   string
		limits siopacket.Limits
		most   int64
	}{
		"empty":             {data: ""},
		"cut off":           {data: "\x93\x01"},
		"two values":        {data: "\x01\x02"},
		"array of billions": {data: "\xdd\xff\xff\xff\xff"},
		"no UTF-8":          {data: "\xa1\xff"},
		"too deep":          {data: "\x91\x91\x91\x01", limits: siopacket.Limits{Depth: 2}},
		"too large":         {data: "\xda\x01\x00" + strings.Repeat("x", 256), most: 100},
		"many attachments":  {data: "\x92\xc4\x00\xc4\x00", limits: siopacket.Limits{Attachments: 1}},
		"a placeholder":     {data: "\x82\xac_placeholder\xc3\xa3num\x00"},
	} {
		if c.most == 0 {
			c.most = 1 << 20
		}
		if data, _, err := ToJSON([]byte(c.data), c.limits, c.most); err == nil {
			t.Errorf("%s: became %s", name, data)
		}
	}
}
