package conform

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Case is one thing that is held against a program or a hub.
type Case struct {
	// Name is `group/what`, unique.
	Name string
	// Rules are those of docs/kits.md that it holds, such as `R4`.
	Rules []string
	// About says in one sentence what is done and expected.
	About string

	run  func(t *T)
	slow bool // begins first, because it takes long
}

// Failure is why a case failed.
type Failure struct {
	// Rule is the rule that was broken. Empty when the case came not so far.
	Rule string
	// Want is what was expected.
	Want string
	// Seen is what was seen in its place.
	Seen string
}

// Error gives all of it.
func (f *Failure) Error() string {
	if f.Rule == "" {
		return fmt.Sprintf("want %s; saw %s", f.Want, f.Seen)
	}
	return fmt.Sprintf("%s: want %s; saw %s", f.Rule, f.Want, f.Seen)
}

// T is one run of a case. Everything that hubs, streams and programs of the case know
// is guarded by mu; changed is closed and made anew with each change.
type T struct {
	opts    *Options
	cleanup []func()

	mu         sync.Mutex
	changed    chan struct{}
	violations []*Failure
	programs   []*Program
	streams    []*Stream
}

func newT(opts *Options) *T { return &T{opts: opts, changed: make(chan struct{})} }

// touch says that something has changed. It needs mu.
func (t *T) touch() {
	close(t.changed)
	t.changed = make(chan struct{})
}

// fail ends the case.
func (t *T) fail(rule, want, seen string, args ...any) {
	if len(args) > 0 {
		seen = fmt.Sprintf(seen, args...)
	}
	panic(&Failure{Rule: rule, Want: want, Seen: seen})
}

// check ends the case unless ok.
func (t *T) check(rule string, ok bool, want, seen string, args ...any) {
	if !ok {
		t.fail(rule, want, seen, args...)
	}
}

// violate notes that a rule was broken beside of what the case looks at. It needs mu.
func (t *T) violate(rule, want, seen string, args ...any) {
	if len(t.violations) < 10 {
		t.violations = append(t.violations, &Failure{Rule: rule, Want: want, Seen: fmt.Sprintf(seen, args...)})
	}
	t.touch()
}

// until waits for a condition, which is asked with mu held. What was broken meanwhile
// ends the case first.
func (t *T) until(rule, want string, condition func() bool) {
	t.within(t.opts.Patience, rule, want, condition)
}

func (t *T) within(patience time.Duration, rule, want string, condition func() bool) {
	began := time.Now()
	if !t.begun() {
		patience += startPatience
	}
	for left := patience; left > 0; left = patience - time.Since(began) {
		if t.happens(min(left, lookAgain), condition) {
			return
		}
		if t.allEnded() && !t.happens(0, condition) {
			break // nothing comes any more
		}
	}
	t.fail(rule, want, "%s after %s", t.seen(), time.Since(began).Round(time.Millisecond))
}

// lookAgain is how often a wait looks whether there is still a program.
const lookAgain = 500 * time.Millisecond

// startPatience is what a program may take beside Options.Patience until it attaches for
// the first time.
const startPatience = 20 * time.Second

// begun reports whether a stream was there.
func (t *T) begun() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.streams) > 0 || len(t.programs) == 0
}

// allEnded reports whether the case had programs, and has none any more.
func (t *T) allEnded() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.programs {
		if !p.ended {
			return false
		}
	}
	return len(t.programs) > 0
}

// happens reports whether a condition comes true in time.
func (t *T) happens(patience time.Duration, condition func() bool) bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		t.mu.Lock()
		if len(t.violations) > 0 {
			first := t.violations[0]
			t.mu.Unlock()
			panic(first)
		}
		ok, changed := condition(), t.changed
		t.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-timer.C:
			return false
		case <-t.opts.ctx.Done():
			panic(&Failure{Want: "a case that runs to its end", Seen: "the end of the run"})
		}
	}
}

// never ends the case when a condition comes true within a time.
func (t *T) never(patience time.Duration, rule, want string, condition func() bool) {
	if t.happens(patience, condition) {
		t.fail(rule, want, "%s", t.seen())
	}
}

// rest waits, and ends the case when a rule is broken meanwhile.
func (t *T) rest(d time.Duration) { t.happens(d, func() bool { return false }) }

// locked does something with mu held.
func (t *T) locked(do func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	do()
}

// seen tells the last things that a program did.
func (t *T) seen() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var parts []string
	for _, p := range t.programs {
		if p.ended {
			parts = append(parts, fmt.Sprintf("the program ended with code %d (%s)", p.code, p.stderr.last()))
		}
	}
	for i, st := range t.streams {
		if i >= len(t.streams)-3 {
			parts = append(parts, st.summary())
		}
	}
	if len(parts) == 0 {
		return "no stream"
	}
	return strings.Join(parts, "; ")
}

// Cleanup is done at the end of the case, last one first.
func (t *T) Cleanup(do func()) { t.cleanup = append(t.cleanup, do) }

func (t *T) end() {
	for i := len(t.cleanup) - 1; i >= 0; i-- {
		t.cleanup[i]()
	}
}

// Select returns the cases whose name fits the expression. Nil takes all.
func Select(cases []*Case, expression *regexp.Regexp) []*Case {
	var chosen []*Case
	for _, c := range cases {
		if expression == nil || expression.MatchString(c.Name) {
			chosen = append(chosen, c)
		}
	}
	return chosen
}
