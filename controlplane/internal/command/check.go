package command

import (
	"fmt"
	"strings"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/route"
	"github.com/siohub/siohub/internal/envelope"
)

// Limits of what stands beside the op, in bytes.
const (
	maxKeyBytes         = 128
	maxTraceParentBytes = 128
	maxTraceStateBytes  = 512
)

// check says what is wrong with a command before anything of it is carried out. What
// its op says about browsers is the hub's to check.
func (x *Executor) check(r Request) *fault.Fault {
	c := r.Command
	if c.GetOp() == nil {
		return noOp(c)
	}
	if !r.Caller.Stream {
		if f := r.Caller.unknown(c); f != nil {
			return f
		}
		if c.GetDeliverySeq() != 0 {
			return fault.At(fault.NotOnAStream, "delivery_seq", "only commands of a stream belong to a delivery")
		}
		if isPaged(c) {
			return fault.Newf(fault.NotInExecute, "%s comes in pages: it has a call of its own", OpName(c))
		}
	} else if c.GetCommandId() == 0 && wantsID(c) {
		return fault.At(fault.Required, "command_id", "its results are the point, and need a command_id")
	}
	if f := checkKey(c); f != nil {
		return f
	}
	if f := checkTraceContext(c); f != nil {
		return f
	}
	return x.permitted(r)
}

func noOp(c *hubv1.Command) *fault.Fault {
	if f := fault.OfBad(envelope.Check(c)); f != nil {
		return f
	}
	return fault.At(fault.Required, "op", "a command needs an op")
}

// checkNamespace refuses what is no namespace, or is many.
func checkNamespace(namespace string) *fault.Fault {
	switch err := route.CheckNamespace(namespace); {
	case namespace == "":
		return fault.At(fault.Required, "namespace", "a namespace with its leading slash is required")
	case strings.HasSuffix(namespace, "*"):
		return fault.At(fault.Pattern, "namespace", "is one namespace, no pattern")
	case err != nil:
		return fault.At(fault.BadNamespace, "namespace", strings.TrimPrefix(err.Error(), "route: "))
	}
	return nil
}

func checkKey(c *hubv1.Command) *fault.Fault {
	switch key := c.GetIdempotencyKey(); {
	case key == "":
		return nil
	case len(key) > maxKeyBytes:
		return fault.At(fault.TooLong, "idempotency_key", fmt.Sprintf("has at most %d bytes", maxKeyBytes))
	case isQuery(c):
		return fault.At(fault.KeyOnQuery, "idempotency_key", "a query changes nothing: it can be repeated as it is")
	}
	return nil
}

// checkTraceContext looks at the form that https://www.w3.org/TR/trace-context/ gives
// to both fields; of a later version than 00 only at the beginning.
func checkTraceContext(c *hubv1.Command) *fault.Fault {
	parent, state := c.GetTraceparent(), c.GetTracestate()
	if parent == "" && state == "" {
		return nil
	}
	bad := func(field, text string) *fault.Fault { return fault.At(fault.BadTraceContext, field, text) }
	switch {
	case len(parent) > maxTraceParentBytes:
		return bad("traceparent", fmt.Sprintf("has at most %d bytes", maxTraceParentBytes))
	case !isTraceParent(parent):
		return bad("traceparent", "is VERSION-TRACE-PARENT-FLAGS in lower-case hex digits")
	case len(state) > maxTraceStateBytes:
		return bad("tracestate", fmt.Sprintf("has at most %d bytes", maxTraceStateBytes))
	case strings.ContainsFunc(state, func(r rune) bool { return (r < ' ' || r > '~') && r != '\t' }):
		return bad("tracestate", "is printable ASCII")
	}
	return nil
}

// isTraceParent reports whether a text is 00-(32 digits)-(16 digits)-(2 digits), or
// begins like that in a later version.
func isTraceParent(s string) bool {
	const length = 55
	if len(s) < length || s[2] != '-' || s[35] != '-' || s[52] != '-' {
		return false
	}
	for _, part := range []string{s[:2], s[3:35], s[36:52], s[53:length]} {
		if strings.Trim(part, "0123456789abcdef") != "" {
			return false
		}
	}
	if strings.Trim(s[3:35], "0") == "" || strings.Trim(s[36:52], "0") == "" || s[:2] == "ff" {
		return false
	}
	return len(s) == length || (s[:2] != "00" && s[length] == '-')
}
