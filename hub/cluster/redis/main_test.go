package redis

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

// atOnce is how many tests run at the same time: they wait for most of it, for what is on other processes' clocks.
const atOnce = "4"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", atOnce); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}
