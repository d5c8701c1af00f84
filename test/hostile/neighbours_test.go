package hostile_test

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/siohub/siohub/test/hostile"
)

// TestNeighbours measures what the echo of a bystander costs beside services that take
// as much as they can, in relation to the quiet time between. The attackers are another
// process and leave the processors to everybody else, so that what is measured is the
// hub and not the system's scheduler.
func TestNeighbours(t *testing.T) {
	rounds := neighbourRounds(t)
	target, err := hostile.StartServe(t.TempDir(), "")
	s := newSuite(t, target, err)
	yielding(t, target)
	t.Log(trialHead(1))
	for _, n := range asked(neighbours()) {
		t.Log(measure(t, target, n, rounds, 3, s.bystanders[len(s.bystanders)-1]))
	}
}

// neighbourRounds is how often each kind is measured.
func neighbourRounds(t *testing.T) int {
	rounds, _ := strconv.Atoi(os.Getenv("HOSTILE_NEIGHBOURS"))
	if rounds == 0 {
		t.Skip("HOSTILE_NEIGHBOURS says how many rounds to run: `make neighbours`, `make neighbours-browsers`")
	}
	return rounds
}

// asked are the kinds whose names HOSTILE_ONLY, a regular expression, matches.
func asked(all []neighbour) []neighbour {
	only := regexp.MustCompile(os.Getenv("HOSTILE_ONLY"))
	return slices.DeleteFunc(all, func(n neighbour) bool { return !only.MatchString(n.name) })
}
