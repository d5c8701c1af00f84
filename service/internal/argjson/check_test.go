package argjson

import (
	"errors"
	"strings"
	"testing"
)

func TestCheck_AsTheHubDoes(t *testing.T) {
	for _, c := range []struct {
		args        string
		attachments int
		want        error
	}{
		{``, 0, nil}, {`[]`, 0, nil}, {` [1, {"a":"b"}] `, 0, nil},
		{`{}`, 0, ErrNotArray}, {`[`, 0, ErrNotArray}, {`[1]]`, 0, ErrNotArray}, {` `, 0, ErrNotArray}, {`[1,]`, 2, ErrNotArray},
		{`[{"_placeholder":true,"num":7}]`, 0, nil},
		{`[{"_placeholder":true,"num":0}]`, 1, nil},
		{`[{"a":[{ "num" : 1, "x":{}, "_pl\u0061ceholder" : true }]},{"_placeholder":true,"num":0}]`, 2, nil},
		{`[{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]`, 2, nil},
		{``, 1, ErrPlaceholders}, {`[1]`, 1, ErrPlaceholders},
		{`["{\"_placeholder\":true,\"num\":0}"]`, 1, ErrPlaceholders},
		{`[{"_placeholder":true,"num":1}]`, 1, ErrPlaceholders},
		{`[{"_placeholder":true}]`, 1, ErrPlaceholders},
		{`[{"_placeholder":true,"num":[0]}]`, 1, ErrPlaceholders},
		{`[{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]`, 1, ErrPlaceholders},
		{"[" + strings.Repeat(`{"a":[`, 100) + `{"_placeholder":true,"num":0}` + strings.Repeat(`]}`, 100) + "]", 1, nil},
		{strings.Repeat("[", 1<<20), 1, ErrNotArray},
	} {
		if err := Check([]byte(c.args), c.attachments); !errors.Is(err, c.want) {
			t.Errorf("%.80s with %d: %v, want %v", c.args, c.attachments, err, c.want)
		}
	}
}
