package adminui

import (
	"sync"
	"time"
)

// tasks are what others have Run do. Its methods are safe for concurrent use and never wait.
type tasks struct {
	wake chan struct{} // asks Run to look at once

	mu     sync.Mutex // guards posted
	posted []func(now time.Time)
}

func newTasks() *tasks { return &tasks{wake: make(chan struct{}, 1)} }

// awake asks Run to look at once.
func (t *tasks) awake() {
	select {
	case t.wake <- struct{}{}:
	default: // it will
	}
}

// post has Run do something.
func (t *tasks) post(do func(now time.Time)) {
	t.mu.Lock()
	t.posted = append(t.posted, do)
	t.mu.Unlock()
	t.awake()
}

// take takes what there is to do, oldest first.
func (t *tasks) take() []func(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	posted := t.posted
	t.posted = nil
	return posted
}
