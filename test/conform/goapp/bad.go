package main

import (
	"context"
	"math"
	"strings"

	"github.com/siohub/siohub/service"
)

// bigBytes is 4.1 MiB.
const bigBytes = 4_299_162

// wrongArg is an argument that cannot be.
func wrongArg(kind string) any {
	switch kind {
	case "nan":
		return math.NaN()
	case "cycle":
		cycle := map[string]any{}
		cycle["self"] = cycle
		return cycle
	case "alien":
		return func() {}
	case "surrogate":
		return "half \xed\xa0\x80"
	case "big":
		return strings.Repeat("x", bigBytes)
	}
	return "nothing wrong"
}

// bad emits something wrong.
func (a *asker) bad(ctx context.Context, e *service.Event) error {
	var kind string
	if err := e.Bind(&kind); err != nil {
		return err
	}
	t, event := e.Socket.Target(), "bad"
	switch kind {
	case "surrogate_room":
		t = a.root.To("half \xed\xa0\x80")
	case "reserved":
		event = "disconnect"
	case "empty":
		event = ""
	case "nobody":
		t = a.svc.In("/")
	}
	return e.Reply(counts(t.EmitResult(ctx, event, wrongArg(kind))))
}

// badReply answers something wrong.
func badReply(_ context.Context, e *service.Event) error {
	var kind string
	if err := e.Bind(&kind); err != nil {
		return err
	}
	return e.Reply(wrongArg(kind))
}
