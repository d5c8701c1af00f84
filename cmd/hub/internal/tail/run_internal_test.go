package tail

import (
	"errors"
	"io"
	"testing"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// A hub that refuses ends the stream right behind its welcome. Whoever sees both at once is told of the refusal, not
// of the end.
func TestWatch_WelcomeCountsBeforeTheEnd(t *testing.T) {
	for range 64 {
		s := &stream{welcome: make(chan *hubv1.Welcome, 1), queue: make(chan *hubv1.Observation), done: make(chan struct{}), err: io.EOF}
		s.welcome <- &hubv1.Welcome{Subscriptions: []*hubv1.SubscriptionResult{{Status: &hubv1.Status{Code: hubv1.Code_CODE_PERMISSION_DENIED}}}}
		close(s.queue)
		close(s.done)
		err := s.watch(t.Context(), Watch{Timeout: time.Minute}, func() { t.Error("ready") }, nil)
		if refused := (*RefusedError)(nil); !errors.As(err, &refused) {
			t.Fatalf("got %v", err)
		}
	}
}

func TestWatch_EndWithoutAWelcome(t *testing.T) {
	s := &stream{welcome: make(chan *hubv1.Welcome, 1), done: make(chan struct{}), err: io.EOF}
	close(s.done)
	if err := s.watch(t.Context(), Watch{Timeout: time.Minute}, nil, nil); !errors.Is(err, ErrEnded) {
		t.Errorf("got %v", err)
	}
}
