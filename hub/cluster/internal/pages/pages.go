package pages

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/siohub/siohub/hub/cluster"
)

// Source reads at most so many entries of a log that are behind a place, which has to be there. last: there are no more.
//
// Errors: cluster.ErrGone, where the place is not in the log any more; others as they are.
type Source func(ctx context.Context, after cluster.Position, count int64) (list []*Entry, last bool, err error)

// Pages is a piece of a log. It is safe for concurrent use.
type Pages struct {
	// set at construction
	read  Source
	ended func() bool
	load  chan struct{} // holds one: who has taken it reads the log, and has the fields below
	few   chan struct{} // holds mostReading: those who read for themselves
	most  int64         // bytes that are held

	loaded bool
	list   []*Entry // never changed in place but at its end
	lo     cluster.Position
	bytes  int64
	full   bool // something older did not fit
	used   time.Time
}

const (
	// mostPageBytes bounds what is held of one log.
	mostPageBytes = 32 << 20
	// pagesIdle is how long they are kept after they were used.
	pagesIdle = 10 * time.Second
	// mostReading is how many read the log for themselves at a time.
	mostReading = 8
	// goalBytes is about how much is read at once, within leastRead and mostRead entries.
	goalBytes           = 1 << 20
	leastRead, mostRead = 16, 512
)

// New returns pages of a log. ended says that there will be no more.
func New(read Source, ended func() bool) *Pages {
	return &Pages{read: read, ended: ended, load: make(chan struct{}, 1), few: make(chan struct{}, mostReading), most: mostPageBytes}
}

// behind returns some of the entries behind a place, at most up to another. end: there are no more up to that.
func (p *Pages) behind(ctx context.Context, after, to cluster.Position) (list []*Entry, end bool, err error) {
	if err := hold(ctx, p.load); err != nil {
		return nil, false, err
	}
	list, end, alone, err := p.shared(ctx, after, to)
	<-p.load
	if !alone {
		return list, end, err
	}
	if err := hold(ctx, p.few); err != nil {
		return nil, false, err
	}
	defer func() { <-p.few }()
	list, last, err := p.read(ctx, after, leastRead*4)
	if err != nil {
		return nil, false, err
	}
	list, end = upTo(list, to)
	return list, end || last, nil
}

// hold takes a place.
func hold(ctx context.Context, places chan struct{}) error {
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// shared is behind by what is held, which is added to. alone: it would not fit.
func (p *Pages) shared(ctx context.Context, after, to cluster.Position) (list []*Entry, end, alone bool, err error) {
	p.use()
	switch {
	case !p.loaded:
		err = p.begin(ctx, after)
	case after.Before(p.lo) && p.full:
		return nil, false, true, nil
	case after.Before(p.lo):
		alone, err = p.prepend(ctx, after)
	}
	last := false
	for err == nil && !alone && !last && !after.Before(p.hi()) {
		if last, err = p.extend(ctx); errors.Is(err, cluster.ErrGone) { // it is not the same stream any more
			last, err = false, p.begin(ctx, after)
		}
	}
	if err != nil || alone {
		return nil, false, alone, err
	}
	if p.hi().Before(after) {
		return nil, false, false, cluster.ErrGone // it ends before
	}
	if after.Before(p.lo) { // what was behind it did not fit
		return nil, false, true, nil
	}
	i, there := p.index(after)
	switch {
	case there:
		i++
	case after != p.lo:
		return nil, false, false, cluster.ErrGone
	}
	list, end = upTo(p.list[i:], to)
	return list, end || last, false, nil
}

// hi is the last entry that is held, or lo.
func (p *Pages) hi() cluster.Position {
	if len(p.list) == 0 {
		return p.lo
	}
	return p.list[len(p.list)-1].At
}

func (p *Pages) index(at cluster.Position) (int, bool) {
	return slices.BinarySearchFunc(p.list, at, func(e *Entry, at cluster.Position) int {
		switch {
		case e.At.Before(at):
			return -1
		case at.Before(e.At):
			return 1
		}
		return 0
	})
}

// upTo cuts a list. end: there was more.
func upTo(list []*Entry, to cluster.Position) (cut []*Entry, end bool) {
	for n := len(list); n > 0 && to.Before(list[n-1].At); n = len(list) {
		list, end = list[:n-1], true
	}
	if n := len(list); n > 0 && list[n-1].At == to {
		end = true
	}
	return list, end
}

// begin holds what is behind a place instead.
func (p *Pages) begin(ctx context.Context, after cluster.Position) error {
	p.forget()
	list, _, err := p.read(ctx, after, p.count())
	if err != nil {
		return err
	}
	p.loaded, p.lo = true, after
	p.add(list)
	return nil
}

// extend reads on at the end. last: there is no more for now.
func (p *Pages) extend(ctx context.Context) (last bool, err error) {
	list, last, err := p.read(ctx, p.hi(), p.count())
	if err != nil {
		return false, err
	}
	p.add(list)
	return last, nil
}

// add puts entries to the end, and takes away at the beginning what is too much.
func (p *Pages) add(list []*Entry) {
	p.list = append(p.list, list...)
	for _, e := range list {
		p.bytes += e.Size
	}
	for p.bytes > p.most && len(p.list) > 1 {
		p.bytes -= p.list[0].Size
		p.lo, p.full = p.list[0].At, true
		p.list = p.list[1:]
	}
}

// prepend reads what is between a place and the beginning. alone: that is too much.
func (p *Pages) prepend(ctx context.Context, after cluster.Position) (alone bool, err error) {
	var older []*Entry
	bytes := p.bytes
	for at := after; at.Before(p.lo); {
		list, last, err := p.read(ctx, at, p.count())
		if err != nil {
			return false, err
		}
		for _, e := range list {
			if p.lo.Before(e.At) {
				break
			}
			bytes += e.Size
			older, at = append(older, e), e.At
		}
		if bytes > p.most {
			p.full = true
			return true, nil
		}
		if last {
			break
		}
	}
	p.list, p.lo, p.bytes = append(older, p.list...), after, bytes
	return false, nil
}

// count is how many entries are read at once.
func (p *Pages) count() int64 {
	if len(p.list) == 0 {
		return 128
	}
	return min(max(goalBytes/max(p.bytes/int64(len(p.list)), 1), leastRead), mostRead)
}

// use says that they are used, so that they are kept for a while.
func (p *Pages) use() {
	if p.used.IsZero() {
		time.AfterFunc(pagesIdle, p.expire)
	}
	p.used = time.Now()
}

// expire forgets what was not used for a while.
func (p *Pages) expire() {
	p.load <- struct{}{}
	defer func() { <-p.load }()
	if left := pagesIdle - time.Since(p.used); left > 0 && !p.ended() {
		time.AfterFunc(left, p.expire)
		return
	}
	p.forget()
	p.used = time.Time{}
}

func (p *Pages) forget() {
	p.loaded, p.full = false, false
	p.list, p.lo, p.bytes = nil, cluster.Position{}, 0
}
