package loadgen

import (
	"syscall"
	"time"
)

// nap sleeps in the kernel: with nothing else to do the Go runtime waits in epoll,
// whose unit is the millisecond.
func nap(d time.Duration) {
	t := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&t, nil) // the caller checks the clock again
}

// punctual takes away the 50 µs by which the kernel may be late with this thread.
func punctual() {
	const setTimerSlack = 29 // PR_SET_TIMERSLACK
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, setTimerSlack, 1, 0)
}
