package virtualtime

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestPass_WaitsForWhatTheTimeLedTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		done := 0
		time.AfterFunc(time.Hour, func() {
			go func() { done++ }()
		})
		Pass(time.Hour)
		if took := time.Since(start); took != time.Hour || done != 1 {
			t.Errorf("after %v %d of 1 done", took, done)
		}
	})
}

func TestPass_PanicsOutsideOfABubble(t *testing.T) {
	start := time.Now()
	defer func() {
		if recover() == nil || time.Since(start) > time.Minute {
			t.Error("it slept")
		}
	}()
	Pass(time.Hour)
}
