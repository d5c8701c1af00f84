package socketio

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/internal/virtualtime"
)

func TestConnectTimeout_StandsStillWhileSomebodyHasToDecide(t *testing.T) {
	for name, late := range map[string]time.Duration{"ten minutes": 10 * time.Minute, "as it runs out": 45 * time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := play(t, Config{})
				s.http.Timeout = time.Hour
				attempts := make(chan *Attempt, 1)
				s.connect = func(a *Attempt) { attempts <- a }
				b := s.http.Open(hubtest.Options{Transport: hubtest.WebSocket})
				b.Send("40")
				s.heard("connect / ")
				virtualtime.Pass(late)
				if err := (<-attempts).Accept(Acceptance{}); err != nil {
					t.Fatal(err)
				}
				if got := b.Next(); got[:2] != "40" {
					t.Fatal(got)
				}
				s.heard("connected /")
				b.Quiet(2 * time.Minute)
			})
		})
	}
}

// It goes on with what was left once no attempt is open.
func TestConnectTimeout_GoesOnAfterTheLastRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(t, Config{})
		s.http.Timeout = time.Hour
		attempts := make(chan *Attempt, 2)
		s.connect = func(a *Attempt) { attempts <- a }
		start := time.Now()
		b := s.http.Open(hubtest.Options{Transport: hubtest.WebSocket})
		virtualtime.Pass(15 * time.Second)
		b.Send("40/a", "40/b")
		s.heard("connect /a ", "connect /b ")
		virtualtime.Pass(10 * time.Minute)
		_ = (<-attempts).Deny("no", nil)
		b.Expect(`44/a,{"message":"no"}`)
		b.Quiet(time.Minute)
		_ = (<-attempts).DenyUnknown()
		b.Expect(`44/b,{"message":"Invalid namespace"}`)
		b.WaitEnd()
		if took := time.Since(start); took != 45*time.Second+11*time.Minute {
			t.Errorf("closed after %v", took)
		}
	})
}
