package virtualtime

import (
	"testing/synctest"
	"time"
)

// Pass lets d of virtual time pass, and waits until all that it has led to is done: until
// every other goroutine of the bubble is blocked. Like synctest.Wait it is called by one
// goroutine of a bubble at a time, and it panics outside of a bubble, before it sleeps.
func Pass(d time.Duration) {
	synctest.Wait()
	time.Sleep(d)
	synctest.Wait()
}
