package siopacket

import (
	"strings"
	"testing"
)

func TestPeek_TellsWhatAMessageIsAbout(t *testing.T) {
	j := NewJSON(Limits{})
	for text, want := range map[string]Packet{
		`2["name",`:                         {Type: Event, Namespace: "/", Name: "name"},
		`2/a,12[ "name"`:                    {Type: Event, Namespace: "/a", Name: "name"},
		`51-/a,["name",{"_placeholder":tru`: {Type: Event, Namespace: "/a", Name: "name"},
		`3/a,7["name`:                       {Type: Ack, Namespace: "/a"},
	} {
		if p, ok := j.Peek([]byte(text)); !ok || p.Type != want.Type || p.Namespace != want.Namespace || p.Name != want.Name {
			t.Errorf("%s: %+v %v", text, p, ok)
		}
	}
	for _, text := range []string{
		"", "2", "2/a", `2["nam`, `2["n\u0061me",`, `2[12,`, `2[`, `x["name",`, `2/a[b`, `2{["name"`, `2["` + strings.Repeat("x", 200) + `",`,
	} {
		if p, ok := j.Peek([]byte(text)); ok {
			t.Errorf("%s: %+v", text, p)
		}
	}
}
