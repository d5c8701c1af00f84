package eiopacket

import "testing"

func TestParseRevision_ExactlyThreeOrFour(t *testing.T) {
	for eio, want := range map[string]Revision{
		"3": Revision3, "4": Revision4,
		"": 0, "0": 0, "2": 0, "5": 0, "04": 0, "4.0": 0, " 4": 0, "4 ": 0, "+4": 0, "44": 0, "\uff14": 0,
	} {
		if got, ok := ParseRevision(eio); got != want || ok != (want != 0) {
			t.Errorf("%q: %d %v", eio, got, ok)
		}
	}
}
