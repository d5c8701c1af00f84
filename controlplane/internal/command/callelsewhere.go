package command

import (
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/hub/cluster"
)

// elsewhere calls the instances that other hubs have, and Node servers if everybody is called. Each of the two is open until
// nobody more is waited for.
func (k *callKeeper) elsewhere(r Request, to callTo) {
	hubs := k.calls.hub.Cluster()
	hubs.Ask(&cluster.Question{Kind: cluster.Signalled, Signal: to.signalOf(r), Timeout: to.timeout}, cluster.Asking{
		Answer: k.otherHub, Done: k.othersDone,
	})
	if to.GetGroup() != "" {
		k.othersDone(nil)
		return
	}
	m := to.foreign()
	message := &cluster.Message{Event: m.Event, Args: m.Args, Attachments: m.Attachments}
	hubs.Ask(&cluster.Question{Kind: cluster.ServerSideEmit, Namespace: to.GetNamespace(), Foreign: true, Message: message, Timeout: to.timeout}, cluster.Asking{
		Answer: k.otherServer, Done: k.othersDone,
	})
}

// otherHub takes one result of a call at another hub: an answer, or its total.
func (k *callKeeper) otherHub(a *cluster.Answer) {
	var r hubv1.Result
	if proto.Unmarshal(a.Signal, &r) != nil {
		return // it is counted as missing, or has said the rest
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if one := r.GetCallAnswer(); one != nil {
		k.keep(one)
		return
	}
	if total := r.GetCallTotal(); total != nil {
		k.o.Matched += int(r.GetMatchedCount())
		k.o.Queued += int(r.GetQueuedCount())
		k.o.Dropped += int(r.GetDroppedCount())
		k.total.ExpectedCount += total.GetExpectedCount()
		k.total.TimedOutCount += total.GetTimedOutCount()
	}
}

// otherServer takes the answer of a Node server, which is one value.
func (k *callKeeper) otherServer(a *cluster.Answer) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.total.ExpectedCount++
	k.keep(&hubv1.CallAnswer{InstanceId: a.From, Payload: &hubv1.Payload{Args: a.Value, Attachments: a.Attachments}})
}

func (k *callKeeper) othersDone(missing []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.missing = append(k.missing, missing...)
	k.close(1)
}
