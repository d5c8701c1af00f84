package mesh

import "github.com/siohub/siohub/hub/cluster"

// tracer calls a trace whose functions may be nil.
type tracer struct{ *cluster.Trace }

func (t *tracer) sent(kind string, bytes int) {
	if t.Sent != nil {
		t.Sent(kind, bytes)
	}
}

func (t *tracer) received(kind string, bytes int) {
	if t.Received != nil {
		t.Received(kind, bytes)
	}
}

func (t *tracer) notSent(reason string, n int) {
	if t.NotSent != nil {
		for range n {
			t.NotSent(reason)
		}
	}
}

func (t *tracer) dropped(reason string) {
	if t.Dropped != nil {
		t.Dropped(reason)
	}
}

func (t *tracer) lost(n int) {
	if t.Lost != nil {
		t.Lost(n)
	}
}

func (t *tracer) questions(side string, change int) {
	if t.Questions != nil {
		t.Questions(side, change)
	}
}

func (t *tracer) questionDone(missing int) {
	if t.QuestionDone != nil {
		t.QuestionDone(missing)
	}
}

func (t *tracer) questionRefused(side string) {
	if t.QuestionRefused != nil {
		t.QuestionRefused(side)
	}
}

func (t *tracer) members(n int) {
	if t.Members != nil {
		t.Members(n)
	}
}

func (t *tracer) connected(yes bool) {
	if t.Connected != nil {
		t.Connected(yes)
	}
}

// guard calls what belongs to the host: its panic ends nothing.
func (t *tracer) guard(f func()) {
	defer func() {
		if v := recover(); v != nil && t.Panic != nil {
			t.Panic(v)
		}
	}()
	f()
}
