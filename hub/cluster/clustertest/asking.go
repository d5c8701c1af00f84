package clustertest

import (
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/cluster"
)

// asked is what has come of a question.
type asked struct {
	done chan struct{}
	stop func()

	mu      sync.Mutex // guards the fields below
	answers []*cluster.Answer
	missing []string
	dones   int
	after   int // answers after Done
}

func (b *bench) ask(i int, q *cluster.Question) *asked {
	o := &asked{done: make(chan struct{})}
	o.stop = b.Clusters[i].Ask(q, cluster.Asking{
		Answer: func(a *cluster.Answer) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.answers = append(o.answers, a)
			if o.dones > 0 {
				o.after++
			}
		},
		Done: func(missing []string) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.missing = missing
			if o.dones++; o.dones == 1 {
				close(o.done)
			}
		},
	})
	return o
}

// wait waits for its end.
func (o *asked) wait(t *testing.T) {
	t.Helper()
	timer := time.NewTimer(Patience)
	defer timer.Stop()
	select {
	case <-o.done:
	case <-timer.C:
		t.Fatal("a question does not end")
	}
}

// want waits for its end, and looks at what has come of it. It returns the answers of each hub.
func (o *asked) want(t *testing.T, missing ...string) map[string][]*cluster.Answer {
	t.Helper()
	o.wait(t)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.dones != 1 || o.after > 0 {
		t.Errorf("Done called %d times, Answer %d times after it", o.dones, o.after)
	}
	if len(o.missing) != len(missing) || len(missing) > 0 && !reflect.DeepEqual(o.missing, missing) {
		t.Errorf("missing %v, want %v", o.missing, missing)
	}
	of := map[string][]*cluster.Answer{}
	for _, a := range o.answers {
		of[a.From] = append(of[a.From], a)
	}
	return of
}
