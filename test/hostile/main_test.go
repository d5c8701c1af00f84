package hostile_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/siohub/siohub/test/hostile"
)

func TestMain(m *testing.M) {
	if kind := os.Getenv("HOSTILE_ATTACK"); kind != "" {
		attackAsNeighbour(kind)
	}
	if os.Getenv("HOSTILE_SERVICE") != "" {
		serveAsKit()
	}
	if os.Getenv("HOSTILE_FAR") != "" {
		vanishing()
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(hostile.ProgramsDir)
		os.Exit(code)
	}))
}
