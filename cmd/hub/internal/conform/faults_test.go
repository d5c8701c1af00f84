package conform_test

import (
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/siohub/siohub/cmd/hub/internal/conform"
)

// planted are the faults of test/conform/goapp, each with the case that finds it and the
// rule that it names.
var planted = map[string][2]string{
	// The session.
	"new-name":          {"session/instance", "S1"},
	"no-ids":            {"session/subscriptions", "S2"},
	"no-introductions":  {"session/subscriptions", "S2"},
	"no-early":          {"session/early-delivery", "S9"},
	"passes-over-no":    {"session/refused-subscription", "S4"},
	"nacks-by-no-code":  {"session/unknown-body", "S6"},
	"no-heartbeats":     {"heartbeats/sends", "H1"},
	"hears-ghosts":      {"heartbeats/silence", "H2"},
	"comes-back-always": {"ends/permission-denied", "B2"},
	"gives-up":          {"ends/unavailable", "B1"},
	"exits-well":        {"ends/permission-denied", "B2"},
	"no-backoff":        {"waits/ladder", "B4"},
	"slow-backoff":      {"waits/ladder", "B4"},
	"stuck-backoff":     {"waits/ladder", "B4"},
	"no-jitter":         {"waits/ladder", "B4"},
	"never-resets":      {"waits/reset", "B5"},
	"resets-early":      {"waits/welcome-alone", "B5"},
	// Deliveries.
	"settles-twice":     {"deliveries/one-settlement", "D1"},
	"settles-never":     {"deliveries/one-settlement", "D10"},
	"handles-twice":     {"deliveries/one-settlement", "D1"},
	"swallows-failures": {"deliveries/fail", "D7"},
	"retries-all":       {"deliveries/fail", "D7"},
	"retries-none":      {"deliveries/retry", "D7"},
	"no-delay":          {"deliveries/retry", "D7"},
	"never-elsewhere":   {"deliveries/elsewhere", "D7"},
	"forgets-attempts":  {"deliveries/redelivery", "D4"},
	"never-acks-later":  {"deliveries/ack-later", "D9"},
	"fails-open":        {"decisions/throw", "D11"},
	"forgets-users":     {"decisions/accept", "D10"},
	"forgets-deny-data": {"decisions/deny", "D10"},
	"renews-rooms":      {"decisions/renewal", "D6"},
	"no-lanes":          {"lanes/others", "D2"},
	"one-lane":          {"lanes/others", "D3"},
	// Payloads.
	"re-encodes":        {"payloads/raw", "P1"},
	"mangles-text":      {"payloads/values", "P2"},
	"loses-attachments": {"payloads/binary", "P3"},
	"any-size":          {"bad-reply/big", "P6"},
	// Commands.
	"one-id":          {"commands/result", "C1"},
	"answers-first":   {"commands/order", "C3"},
	"unfenced":        {"commands/order", "C3"},
	"fences-all":      {"commands/outside", "C6"},
	"any-window":      {"commands/window", "C4"},
	"loses-reasons":   {"commands/refused", "C5"},
	"takes-all-as-ok": {"settlements/commands", "F2"},
	"loses-keys":      {"commands/ops", "C1"},
	"reads-one-page":  {"answers/pages", "C2"},
	"loses-missing":   {"answers/pages", "C2"},
	"deaf-to-notices": {"commands/notice", "C8"},
	"deaf-to-results": {"settlements/refused", "F1"},
	// What the hub takes back.
	"deaf-to-revoked":  {"revocation/cancels", "V1"},
	"deaf-to-released": {"revocation/released", "V5"},
	// Receipts and resume.
	"no-numbers":     {"resume/numbers", "R1"},
	"number-twice":   {"resume/numbers", "R1"},
	"no-receipts":    {"resume/numbers", "R1"},
	"receipts-ahead": {"resume/numbers", "R1"},
	"no-resume":      {"resume/hello", "R2"},
	"counts-resume":  {"resume/hello", "R2"},
	"sends-no-more":  {"resume/sends-again", "R4"},
	"keeps-moved":    {"resume/revoked", "R7"},
	// Several hubs.
	"names-no-hubs":   {"hubs/list", "N3"},
	"follows-no-hubs": {"hubs/told", "N2"},
	"deaf-to-hubs":    {"loss/lost", "N5"},
	"never-anew":      {"loss/lost", "N7"},
	// Facts, and leaving.
	"deaf-to-rooms": {"facts/rooms", "I1"},
	"old-rooms":     {"facts/rooms", "I1"},
	"forgets-late":  {"facts/connected", "I2"},
	"forgets-data":  {"facts/socket", "I3"},
	"no-drain":      {"leaving/idle", "E1"},
}

// A kit that is wrong in one way is told so, by a rule that it breaks.
func TestProgramCases_FindEachPlantedFault(t *testing.T) {
	t.Parallel()
	if len(planted) < 20 {
		t.Errorf("%d faults, want at least 20", len(planted))
	}
	room := make(chan struct{}, 8)
	var all sync.WaitGroup
	defer all.Wait()
	for fault, want := range planted {
		all.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			cases := conform.Select(conform.ProgramCases(), regexp.MustCompile("^"+want[0]+"$"))
			if len(cases) != 1 {
				t.Errorf("%s: %d cases are called %s", fault, len(cases), want[0])
				return
			}
			opts := conform.Options{Command: []string{buildGoapp(t)}, Environ: []string{"CONFORM_FAULT=" + fault}}
			tries := 1
			if strings.HasPrefix(want[0], "waits/") {
				tries = 3 // a loaded machine makes a wait that is too short look like one that has grown
			}
			found := false
			for ; tries > 0 && !found; tries-- {
				err := conform.Run(t.Context(), opts, cases, func(o *conform.Outcome) {
					if found = o.Failure != nil; found && o.Failure.Rule != want[1] {
						t.Errorf("%s: %s names another rule than %s: %v", fault, o.Name, want[1], o.Failure)
					}
				})
				if err != nil {
					t.Error(err)
				}
			}
			if !found {
				t.Errorf("%s: %s does not find it", fault, want[0])
			}
		})
	}
}

// The table has all faults that the program can have.
func TestPlanted_AreThoseOfTheProgram(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(buildGoapp(t))
	cmd.Env = []string{"CONFORM_FAULT=?"}
	out, _ := cmd.CombinedOutput() // it ends with 2
	_, list, found := strings.Cut(strings.TrimSpace(string(out)), "want one of ")
	if !found {
		t.Fatalf("%s", out)
	}
	if got, want := strings.Split(list, ", "), slices.Sorted(maps.Keys(planted)); !slices.Equal(got, want) {
		t.Errorf("the program has %v\nthe table %v", got, want)
	}
}
