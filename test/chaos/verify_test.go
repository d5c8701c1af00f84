package chaos_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/siohub/siohub/test/chaos"
)

// story writes a ledger of one socket: `a c1` is process a, connected, attempt 1;
// `b 7/2` process b, event 7, attempt 2; `b d1` disconnected.
func story(lines ...string) []chaos.Record {
	var records []chaos.Record
	for _, line := range lines {
		run, what, _ := strings.Cut(line, " ")
		r := chaos.Record{Run: run, Socket: "s", Kind: chaos.Event}
		switch what[0] {
		case 'c':
			r.Kind = chaos.Connected
			fmt.Sscanf(what, "c%d", &r.Attempt)
		case 'd':
			r.Kind, r.Reason = chaos.Disconnected, "transport close"
			fmt.Sscanf(what, "d%d", &r.Attempt)
		default:
			fmt.Sscanf(what, "%d/%d", &r.N, &r.Attempt)
		}
		r.DedupeID = fmt.Sprint(r.Kind, r.N)
		records = append(records, r)
	}
	return records
}

func TestVerify(t *testing.T) {
	for _, c := range []struct {
		name    string
		records []chaos.Record
		sent    int
		problem string
	}{
		{"quiet", story("a c1", "a 1/1", "a 2/1", "a d1"), 2, ""},
		{"killed before it settled", story("a c1", "a 1/1", "a 2/1", "b 1/2", "b 2/2", "b 3/1", "b d1"), 3, ""},
		{"killed before it wrote", story("a c1", "a 1/1", "b 2/2", "b d1"), 2, ""},
		{"killed in connected", story("a c1", "b c2", "b 1/1", "b d1"), 1, ""},
		{"killed with all unsettled", story("a c1", "a 1/1", "a d1", "b c2", "b 1/2", "b d2"), 1, ""},
		{"connected too late", story("a c1", "a 1/1", "a c2"), 1, "connected after event 1"},
		{"gap", story("a c1", "a 1/1", "a 3/1"), 3, "event 3 after 1"},
		{"gap at a move", story("a c1", "a 1/1", "b 3/1"), 3, "event 3, but 2 is missing"},
		{"swapped", story("a c1", "a 2/1", "a 1/1"), 2, "event 2, but 1 is missing"},
		{"repeated without saying so", story("a c1", "a 1/1", "b 1/1"), 1, "attempt 1 after 1"},
		{"two at a time", story("a c1", "a 1/1", "b 1/2", "a 2/1"), 2, "process a goes on beside b"},
		{"back from one that was killed", story("a c1", "a 1/1", "k 2/1", "a 3/1", "a d1"), 3, ""},
		{"killed later", story("a c1", "a 1/1", "k 2/1", "a 3/1", "k 4/1", "k d1"), 4, "process a goes on beside k"},
		{"no connected", story("a 1/1"), 1, "event 1 before connected"},
		{"event after the end", story("a c1", "a d1", "a 1/1"), 1, "event 1 after disconnected"},
		{"lost", story("a c1", "a 1/1", "a d1"), 2, "1 of 2 events were handled"},
		{"no end", story("a c1", "a 1/1"), 1, "no disconnected"},
		{"nothing", nil, 1, "no connected"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := strings.Join(chaos.Verify(c.records, map[string]int{"s": c.sent}, map[string]bool{"k": true}).Problems, "\n")
			if c.problem == "" && got != "" || !strings.Contains(got, c.problem) {
				t.Errorf("got %q, want %q", got, c.problem)
			}
		})
	}
}

func TestVerify_Counts(t *testing.T) {
	v := chaos.Verify(story("a c1", "a 1/1", "b 1/2", "c 1/3", "c 2/1", "c d1"), map[string]int{"s": 2}, nil)
	want := chaos.Verdict{Handled: 4, Repeated: 2, Redelivered: 2, Moves: 2}
	if diff := cmp.Diff(want, v); diff != "" {
		t.Error(diff)
	}
}

func TestLedger_KeepsWhatWasAppended(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	want := story("a c1", "a 1/1", "b 1/2", "b d1")
	for _, r := range want {
		// A ledger of its own for each record: several processes write to one file.
		ledger, err := chaos.OpenLedger(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := ledger.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	got, err := chaos.ReadLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A record that was cut off when its process was killed is none, and takes nothing with it.
func TestReadLedger_TornRecords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger")
	text := `{"run":"a","socket":"s","kind":"event","n":1,"dedupe_id":{"run":"b","socket":"s","kind":"event","n":1}` + "\n" +
		`{"run": "c", "socket": "s", "kind": "event", "n": 2}` + "\n" + `{"run":"d","socket"`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	records, err := chaos.ReadLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []chaos.Record{
		{Run: "b", Socket: "s", Kind: chaos.Event, N: 1}, {Run: "c", Socket: "s", Kind: chaos.Event, N: 2},
	}
	if diff := cmp.Diff(want, records); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
