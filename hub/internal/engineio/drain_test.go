package engineio_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
)

func TestDrain_LeavesInWaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		const sessions, spread = 400, 2 * time.Second
		for range sessions {
			st.handshake()
		}
		start := time.Now()
		done := make(chan error, 1)
		go func() { done <- st.engine.Drain(t.Context(), spread) }()
		waves := map[time.Duration]int{}
		for range sessions {
			if c := <-st.closes; c.Reason != engineio.ReasonServerShuttingDown {
				t.Errorf("%+v", c)
			}
			waves[time.Since(start)]++
		}
		for at, n := range waves {
			if n != sessions/20 || at >= spread {
				t.Errorf("%d sessions after %v", n, at)
			}
		}
		if len(waves) != 20 {
			t.Errorf("%d waves", len(waves))
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestDrain_FewNeedNotWaitAndZeroIsAtOnce(t *testing.T) {
	for name, test := range map[string]struct {
		sessions      int
		spread, least time.Duration
	}{"few": {30, time.Minute, 200 * time.Millisecond}, "one": {1, time.Minute, 0}, "none": {0, time.Minute, 0}, "zero": {500, 0, 0}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newStation(t, nil)
				for range test.sessions {
					st.handshake()
				}
				start := time.Now()
				if err := st.engine.Drain(t.Context(), test.spread); err != nil {
					t.Error(err)
				}
				if test.sessions > 0 { // nobody polls to be told
					test.least += time.Second
				}
				if d := time.Since(start); d != test.least {
					t.Errorf("took %v, want %v", d, test.least)
				}
				for range test.sessions {
					st.wantClose(engineio.ReasonServerShuttingDown)
				}
			})
		})
	}
}

func TestDrain_TakesNobodyInAndLosesNothing(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, transport hubtest.Transport) {
		st := newStation(t, nil)
		b := st.Open(hubtest.Options{Transport: transport})
		b.Send("4settled")
		b.Expect("4settled")
		_ = st.session(0).Send(new(engineio.Batch), text("last").Unit(), false)
		if err := st.engine.Drain(t.Context(), time.Second); err != nil {
			t.Error(err)
		}
		b.Expect("4last")
		if end := b.WaitEnd(); !end.Told {
			t.Errorf("%+v", end)
		}
		if a := st.Get("EIO=4&transport=polling"); a.Status != 503 || a.Header.Get("Retry-After") == "" {
			t.Errorf("a browser that comes: %+v", a)
		}
	})
}

func TestDrain_EndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		for range 300 {
			st.handshake()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := st.engine.Drain(ctx, time.Minute); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}
