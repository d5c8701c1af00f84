package command

import (
	"context"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
)

// number carries out a query that counts.
func (c *Control) number(ctx context.Context, req proto.Message, q *hubv1.Command) (*hubv1.Result, error) {
	who := c.callerOf(ctx)
	if f := c.checkQuery(req, q, who); f != nil {
		return nil, fault.GRPC(c.executor.Refuse(q, f).Status)
	}
	c.patient(ctx, who, &Patience{}, q)
	r, f := await(ctx, who, func(then func(*hubv1.Result)) { c.executor.queries.countEverywhere(q, then) }, func(*hubv1.Result) {})
	if f != nil {
		r = failed(f)
	}
	c.executor.count(q, r)
	if r.Status != nil {
		return nil, fault.GRPC(r.Status)
	}
	return r, nil
}

// ask carries out a query whose results come in pages.
func (c *Control) ask(ctx context.Context, who *Caller, req proto.Message, q *hubv1.Command) (*Pages, error) {
	type found struct {
		pages *Pages
		fault *fault.Fault
	}
	f := c.checkQuery(req, q, who)
	var p *Pages
	if f == nil {
		var is found
		c.patient(ctx, who, &Patience{}, q)
		is, f = await(ctx, who, func(then func(found)) {
			c.executor.queries.pagesOf(q, func(p *Pages, f *fault.Fault) { then(found{p, f}) })
		}, func(late found) {
			if late.pages != nil {
				late.pages.Close()
			}
		})
		if f == nil {
			p, f = is.pages, is.fault
		}
	}
	if f != nil {
		return nil, fault.GRPC(c.executor.Refuse(q, f).Status)
	}
	p.over = func(last *hubv1.Result) { c.executor.count(q, last) }
	return p, nil
}

// checkQuery is what check is to commands.
func (c *Control) checkQuery(req proto.Message, q *hubv1.Command, who *Caller) *fault.Fault {
	if f := who.unknown(req); f != nil {
		return f
	}
	return c.executor.permitted(Request{Command: q, Caller: who})
}
