package service

import (
	"context"
	"unicode/utf8"
)

type traceKey struct{}

type traceContext struct{ parent, state string }

// TraceContext returns the W3C trace context of ctx: the one that WithTraceContext set,
// or that of the delivery whose handler got ctx (of a call: its caller's; of everything
// else: the browser's opening request). Empty means that there is none.
func TraceContext(ctx context.Context) (traceparent, tracestate string) {
	if t, ok := ctx.Value(traceKey{}).(*traceContext); ok {
		return t.parent, t.state
	}
	if w := workOf(ctx); w != nil {
		return w.delivery.GetTraceparent(), w.delivery.GetTracestate()
	}
	return "", ""
}

// WithTraceContext gives ctx a W3C trace context, which commands made with it carry:
// deliveries that come of a call have it. A traceparent of more than 128 bytes, a
// tracestate of more than 512 and what is not UTF-8 is left out.
func WithTraceContext(ctx context.Context, traceparent, tracestate string) context.Context {
	t := &traceContext{}
	if len(traceparent) <= maxTraceparent && utf8.ValidString(traceparent) {
		t.parent = traceparent
	}
	if len(tracestate) <= maxTracestate && utf8.ValidString(tracestate) {
		t.state = tracestate
	}
	return context.WithValue(ctx, traceKey{}, t)
}
