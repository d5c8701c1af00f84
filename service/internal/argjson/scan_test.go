package argjson

import (
	"encoding/json"
	"strings"
	"testing"
)

var scanCases = []string{
	`null`, `true`, `false`, `0`, `-0`, `-1.5e+10`, `1E9`, `""`, `"a\"\\\/\b\f\n\r\t\u00e9"`, `[]`, `{}`, ` [ 1 , {"a" : [] } ] `,
	`{"b":1,"a":9007199254740993,"c":"<&>\u2028"}`, `[[[[]]]]`, `{"":{"":{}}}`,
	``, ` `, `nul`, `tru`, `01`, `-`, `1.`, `.5`, `1e`, `1e+`, `+1`, `"`, `"\`, `"\u12"`, `"\x"`, "\"\n\"", `[`, `[1`, `[1,`, `[1,]`, `[,1]`,
	`{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{a:1}`, `{1:1}`, `1 2`, `[1]]`, `{"a" 1}`, `[1 2]`, `NaN`, `'a'`, "\xff", "\x00",
	strings.Repeat("[", 200) + strings.Repeat("]", 200), strings.Repeat("[", 100),
}

func TestValidJSON_AgreesWithEncodingJSON(t *testing.T) {
	for _, text := range scanCases {
		if got, want := validJSON([]byte(text)), json.Valid([]byte(text)); got != want {
			t.Errorf("validJSON(%q) = %v, encoding/json says %v", text, got, want)
		}
	}
}

func TestValidJSON_BoundsDepth(t *testing.T) {
	deep := strings.Repeat(`{"a":[`, 50_000)
	if validJSON([]byte(deep)) {
		t.Error("accepted")
	}
	if validJSON([]byte(strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1))) {
		t.Error("accepted what is too deep")
	}
}
