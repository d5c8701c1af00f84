package hostile_test

import (
	"testing"

	"github.com/siohub/siohub/test/hostile"
)

// browsersServe is the hub that browsers attack: its limits are the defaults.
const browsersServe = "namespaces: [/, /bystander, /kit, /open, /user, /decided, /many/*]\nper_message_deflate: {enabled: true}\n" +
	"rates: {private_addresses: true}\nshutdown: {spread: 0s}\nlog: {level: error}\n"

// browserWindows is how many windows of attack are in a round: more than with services, because
// a thousand browsers take some time to come.
const browserWindows = 6

// mostHeld is what the limits of docs/configuration.md come to that bound all browsers together, with
// their defaults: limits.unfinished_bytes, limits.undecided_bytes twice, parking.node_bytes, and the
// windows of two services. Each kind fills one or two of them, so that there is room for the collector.
const mostHeld = (256 + 2*64 + 256 + 2*64) << 20

// TestNeighboursBrowsers measures the same as TestNeighbours beside browsers. Each kind
// meets a hub and a service of its own, so that their memory and what they keep is due to it.
// Two bystanders are measured: one of the service that is attacked, and one of another.
func TestNeighboursBrowsers(t *testing.T) {
	rounds := neighbourRounds(t)
	t.Log(trialHead(2))
	for _, n := range asked(browserNeighbours()) {
		t.Run(n.name, func(t *testing.T) {
			target, err := hostile.StartServe(t.TempDir(), browsersServe)
			s := newSuite(t, target, err)
			yielding(t, target)
			line, stop := child(t, target, "HOSTILE_SERVICE=yes")
			if line() != "ready" {
				t.Fatalf("the service: %s", stop())
			}
			s.add(t, false, "/kit,")
			last := len(s.bystanders) - 1
			tr := measure(t, target, n, rounds, browserWindows, s.bystanders[last], s.bystanders[last-1])
			t.Log(tr)
			if tr.peak-tr.start > mostHeld {
				t.Errorf("the hub took %d MiB", (tr.peak-tr.start)>>20)
			}
			for i, b := range s.bystanders {
				if err := b.Check("still-there"); err != nil {
					t.Errorf("after it, bystander %d on %s: %v", i, b.Name, err)
				}
			}
		})
	}
}
