package service

import (
	"context"
	"errors"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/service/internal/results"
)

// askElsewhere is how long a hub may say nothing at all before what it was asked is asked of another one too. With the 1.4 s
// after which hubs wait for no other hub that says nothing, an answer comes within 1.5 s, whatever hub was cut off.
const askElsewhere = 750 * time.Millisecond

// question is one that changes nothing, so that it may be asked of several hubs.
type question struct {
	line    *line
	command *hubv1.Command
	size    int
	of      []*attachment // in this order
	heard   uint64        // what had been heard of the last of them when it was asked
	open    int           // of them have not answered
	answers chan asked
}

// asked is what came of asking one hub.
type asked struct {
	last  *hubv1.Result
	parts []*hubv1.Result
	err   error
}

// ask asks a question. Outside of handlers a hub that says nothing any more is not waited for while another one is there, and
// what went with a hub is asked again.
func (l *line) ask(ctx context.Context, c *hubv1.Command, size int, at string) (last *hubv1.Result, parts []*hubv1.Result, err error) {
	if w := workOf(ctx); w != nil && w.att != nil && w.svc.line == l {
		return l.doAll(ctx, commandAction(c), size, at)
	}
	q := &question{line: l, command: c, size: size, answers: make(chan asked)}
	asking, cancel := context.WithCancel(ctx)
	defer q.wait()
	defer cancel()
	for {
		if q.open == 0 {
			att, _, err := l.pick(ctx, "", at)
			if err != nil {
				return nil, nil, err
			}
			if err := att.fits(size); err != nil {
				return nil, nil, err
			}
			q.send(asking, att)
		}
		select {
		case a := <-q.answers:
			if q.open--; !a.again() {
				return a.last, a.parts, a.err
			}
			if l.over() {
				return nil, nil, ErrClosed
			}
		case <-time.After(askElsewhere):
			if other := q.elsewhere(); other != nil {
				q.send(asking, other)
			}
		}
	}
}

// send asks one hub.
func (q *question) send(ctx context.Context, att *attachment) {
	q.open++
	q.of, q.heard = append(q.of, att), att.heard.Load()
	action := commandAction(proto.CloneOf(q.command))
	fence(ctx, action.GetCommand(), nil)
	go func() {
		last, parts, err := q.line.doAt(ctx, att, nil, action, q.size)
		q.answers <- asked{last, parts, err}
	}()
}

// elsewhere is a hub that has not been asked, if the last one that was has said nothing since. Nil: there is none.
func (q *question) elsewhere() *attachment {
	if last := q.of[len(q.of)-1]; last.heard.Load() != q.heard {
		q.heard = last.heard.Load()
		return nil
	}
	for _, r := range q.line.all() {
		if !slices.Contains(q.of, r.att) && r.att.fits(q.size) == nil {
			return r.att
		}
	}
	return nil
}

// wait takes what those say who were asked as well: the context has ended, so that they wait for nothing.
func (q *question) wait() {
	for range q.open {
		<-q.answers
	}
}

// again reports whether the hub has gone without an answer.
func (a asked) again() bool {
	return errors.Is(a.err, errReturned) || errors.Is(a.err, results.ErrEnded) || errors.Is(a.err, ErrOutcomeUnknown)
}

// over reports whether there will be no more streams.
func (l *line) over() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}
