package clustertest

import (
	"slices"
	"sync"

	"github.com/siohub/siohub/hub/cluster"
)

// Host is a hub that records. Its zero value answers each question with one empty answer.
type Host struct {
	// OnAnswer answers a question. OnApply is told of a command once it is recorded. Both are set before the cluster is opened.
	OnAnswer func(*cluster.Question, cluster.Responder)
	OnApply  func(*cluster.Command)
	// Nobody says that nobody is in any room.
	Nobody bool

	mu       sync.Mutex // guards the fields below
	commands []*cluster.Command
	asked    []*cluster.Question
	changes  int
}

// Apply implements cluster.Host.
func (h *Host) Apply(c *cluster.Command) {
	h.mu.Lock()
	h.commands = append(h.commands, c)
	h.mu.Unlock()
	if h.OnApply != nil {
		h.OnApply(c)
	}
}

// Answer implements cluster.Host.
func (h *Host) Answer(q *cluster.Question, r cluster.Responder) {
	h.mu.Lock()
	h.asked = append(h.asked, q)
	answer := h.OnAnswer
	h.mu.Unlock()
	if answer != nil {
		answer(q, r)
		return
	}
	r.Answer(&cluster.Answer{})
}

// answers sets OnAnswer while the cluster is open.
func (h *Host) answers(f func(*cluster.Question, cluster.Responder)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.OnAnswer = f
}

// Concerns implements cluster.Host.
func (h *Host) Concerns(string, string) bool { return !h.Nobody }

// MembersChanged implements cluster.Host.
func (h *Host) MembersChanged() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.changes++
}

// Commands are those that were applied.
func (h *Host) Commands() []*cluster.Command {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.commands)
}

// Asked are the questions that came.
func (h *Host) Asked() []*cluster.Question {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.asked)
}

// Changes is how often Members changed.
func (h *Host) Changes() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.changes
}

// Forget empties what was recorded.
func (h *Host) Forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.commands, h.asked = nil, nil
}
