package command

import (
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/hub"
)

// Services are the instances that calls go to.
type Services interface {
	// Callees are the attached instances that take calls in the namespace: of one group,
	// or of all when it is empty, but for the caller's own instance.
	Callees(group, namespace string, caller *Caller) []Callee
}

// Callee is an instance that takes calls.
type Callee interface {
	// Group and Instance name it.
	Group() string
	Instance() string
	// Deliver hands a call over, once. It returns false when the instance cannot take it;
	// otherwise one of the invocation's Answer, Fail and Lost is called, sooner or later,
	// also from inside of Deliver. It must not block.
	Deliver(i *Invocation) bool
}

// maxCallNameBytes bounds the names of calls and of groups.
const maxCallNameBytes = 128

// callTo is a call that was checked.
type callTo struct {
	*hubv1.Call
	timeout time.Duration
	callees []Callee
	bytes   int
	// everywhere says that other hubs and servers are called too.
	everywhere bool
}

func checkCall(c *hubv1.Call) *fault.Fault {
	if f := checkNamespace(c.GetNamespace()); f != nil {
		return f
	}
	switch timeout := c.GetTimeout(); {
	case c.GetName() == "":
		return fault.At(fault.EmptyName, "name", "is empty")
	case len(c.GetName()) > maxCallNameBytes:
		return fault.At(fault.TooLong, "name", "has at most 128 bytes")
	case len(c.GetGroup()) > maxCallNameBytes:
		return fault.At(fault.TooLong, "group", "has at most 128 bytes")
	case !utf8.ValidString(c.GetName()), !utf8.ValidString(c.GetGroup()):
		return fault.At(fault.InvalidUTF8, "name", "is not UTF-8")
	case timeout != nil && (timeout.CheckValid() != nil || timeout.AsDuration() < 0 || timeout.AsDuration() > maxWait):
		return fault.At(fault.BadTimeout, "timeout", "is at most 5 minutes and not negative")
	}
	return nil
}

// message is what the callees get: one for all of them.
func (to callTo) message(caller *Caller) *hubv1.ServiceCall {
	m := &hubv1.ServiceCall{
		Group: caller.Group, Namespace: to.GetNamespace(), Name: to.GetName(), Payload: to.GetPayload(),
	}
	if to.timeout > 0 {
		m.WantsAnswer, m.Timeout = true, durationpb.New(to.timeout)
	}
	return m
}

// foreign is a call as Node servers know it.
func (to callTo) foreign() hub.Message {
	return hub.Message{Event: to.GetName(), Args: to.GetPayload().GetArgs(), Attachments: to.GetPayload().GetAttachments()}
}
