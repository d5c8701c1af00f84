package services

import (
	"fmt"
	"strings"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/test/hostile"
)

// Inputs are the rows of services that any target with a control plane takes.
func Inputs() []hostile.Input { return append(grpcInputs(), grpcWireInputs()...) }

// grpcInputs are services that break the rules of the contract.
func grpcInputs() []hostile.Input {
	var all []hostile.Input
	for _, r := range commandRows() {
		all = append(all,
			hostile.Input{Name: "stream: " + r.name, Attack: r.onStream, Allow: r.allow},
			hostile.Input{Name: "execute: " + r.name, Attack: r.executed, Allow: r.allow})
	}
	for _, make := range []func() []hostile.Input{helloInputs, subscriptionInputs, firstInputs, envelopeInputs, bytesInputs, itemInputs, unaryInputs, storyInputs, unknownInputs, resumeInputs, endlessInputs, slowServiceInputs} {
		all = append(all, make()...)
	}
	for i := range all {
		all[i].Kind = "grpc"
	}
	return all
}

// onStream gives the command on a stream, which has to live.
func (r commandRow) onStream(p *hostile.Probe) hostile.Outcome {
	a := Attached(p)
	c := r.command
	a.command(&hubv1.Command{
		CommandId: 7, DeliverySeq: c.DeliverySeq, IdempotencyKey: c.IdempotencyKey,
		Traceparent: c.Traceparent, Tracestate: c.Tracestate, Op: c.Op,
	})
	got := a.resultOutcome()
	if lives := a.Lives(); lives != hostile.Open {
		return got + ", " + lives
	}
	return got
}

// executed gives it by ControlService.
func (r commandRow) executed(p *hostile.Probe) hostile.Outcome {
	ctx, _ := CallContext(p)
	answer, err := hubv1.NewControlServiceClient(DialControl(p)).Execute(ctx, &hubv1.ExecuteRequest{Commands: []*hubv1.Command{r.command}})
	if err != nil {
		return "call " + codeOnly(streamEnd(err))
	}
	if len(answer.Results) != 1 {
		return hostile.Outcome(fmt.Sprintf("%d results", len(answer.Results)))
	}
	return statusOutcome(answer.Results[0].GetStatus())
}

// codeOnly takes the word "stream " off.
func codeOnly(o hostile.Outcome) hostile.Outcome {
	return hostile.Outcome(strings.TrimPrefix(string(o), "stream "))
}
