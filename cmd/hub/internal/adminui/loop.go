package adminui

import (
	"context"
	"time"
)

// loop is what Run does: it tells, counts and carries out. What it has is its own, but for what says that it is safe for concurrent use.
type loop struct {
	*site
	tasks    *tasks
	pages    *pages
	commands *commands
	teller   *teller
	lists    *lists
	others   *others
	counter  counter
}

// run goes on until ctx ends. Nothing ticks while nobody can look.
func (l *loop) run(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	ticks := true
	for {
		if wanted := l.pages.looked(time.Now()) || !l.hub.Cluster().Alone(); wanted != ticks {
			ticks = wanted
			if ticks {
				ticker.Reset(time.Second)
			} else {
				ticker.Stop()
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			l.tick(time.Now())
		case <-l.tasks.wake:
		case a := <-l.commands.waiting:
			l.commands.act(a)
		}
		l.step(time.Now())
	}
}

// tick is done every second while somebody looks, or might.
func (l *loop) tick(now time.Time) {
	l.others.tick(now)
	if l.pages.looked(now) {
		l.counter.count(now)
	} else {
		l.counter.forget()
	}
}

// step does what there is to do.
func (l *loop) step(now time.Time) {
	for _, do := range l.tasks.take() {
		do(now)
	}
	l.teller.look(now)
	l.welcome(now)
	l.teller.deliver(now)
	l.lists.step(now)
}

// welcome tells pages that have come what they may do, and what there is. They get their list once the others know that somebody looks
// here: what happens in between they tell by themselves.
func (l *loop) welcome(now time.Time) {
	fresh := l.pages.fresh()
	if len(fresh) == 0 {
		return
	}
	l.pages.emitTo(nil, fresh, "config", arguments(configuration{l.options.features()}))
	l.counter.emit(now, fresh)
	l.others.tell(func() { l.lists.want = append(l.lists.want, fresh...) })
}
