package hubtest

import (
	"testing"

	"go.uber.org/goleak"
)

// Main is a TestMain that runs the tests and fails for goroutines that are left behind.
func Main(m *testing.M) { goleak.VerifyTestMain(m) }
