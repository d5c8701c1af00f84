//go:build !linux

package loadgen

import "time"

func nap(d time.Duration) { time.Sleep(d) }

func punctual() {}
