package hubtest

import (
	"testing"

	"go.uber.org/goleak"
)

// Main is a TestMain that runs the tests and fails for goroutines that are left behind. One of net/http's
// sleeps for half a second behind a refused body, which is longer than a leak is looked for.
func Main(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}
