package chaos_test

import (
	"strings"
	"testing"

	"github.com/siohub/siohub/test/chaos"
)

func TestVerifyLives(t *testing.T) {
	lost := chaos.Record{Run: "a", Socket: "s", Kind: chaos.Disconnected, DedupeID: "lost", Attempt: 1, Reason: chaos.LostReason}
	again := chaos.Record{Run: "a", Socket: "s", Kind: chaos.Connected, DedupeID: "again", Attempt: 1}
	gone := chaos.Record{Run: "a", Socket: "s", Kind: chaos.Released}
	for _, c := range []struct {
		name    string
		records []chaos.Record
		each    bool
		problem string
	}{
		{"quiet", story("a c1", "a 1/1", "a d1"), true, ""},
		{"told twice", story("a c1", "a c2", "a 1/1", "a d1", "a d2"), true, ""},
		{"lost, and back", append(append(story("a c1", "a 1/1"), lost, again), story("a 2/1", "a d1")...), true, ""},
		{"moved", append(append(story("a c1", "a 1/1"), gone), story("b c1", "b 2/1", "b d1")...), true, ""},
		{"lost, and ended once more", append(append(story("a c1", "a 1/1"), lost), story("a d1")...), true, "disconnected \"transport close\" after disconnected"},
		{"lost by one, ended by another", append(append(story("a c1", "a 1/1"), lost), story("b d1")...), false, "disconnected \"transport close\" after disconnected"},
		{"connected twice", append(story("a c1", "a 1/1"), again), true, "connected, and before it connected"},
		{"event of nobody", append(append(story("a c1", "a 1/1"), lost), story("a 2/1")...), true, "outside of its life"},
		{"gap", story("a c1", "a 1/1", "a 3/1", "a d1"), true, "event 3 after 1"},
		{"no end", story("a c1", "a 1/1"), true, "no disconnected"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := strings.Join(chaos.VerifyLives(c.records, c.each).Problems, "\n")
			if c.problem == "" && got != "" || !strings.Contains(got, c.problem) {
				t.Errorf("got %q, want %q", got, c.problem)
			}
		})
	}
}
