package services

import (
	"bytes"
	"fmt"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/test/hostile"
)

// resumeInputs take up what is not theirs, or not there.
func resumeInputs() []hostile.Input {
	var all []hostile.Input
	begins, bad := hostile.Outcomes("begins anew, open"), hostile.Outcomes("stream INVALID_ARGUMENT")
	add := func(name string, attack func(a *Actor, hub string, token []byte) hostile.Outcome, allow ...hostile.Outcome) {
		all = append(all, hostile.Input{Name: "resume " + name, Allow: allow, Attack: func(p *hostile.Probe) hostile.Outcome {
			a := Attach(p)
			w := a.Numbered()
			a.Cancel()
			again := Attach(p)
			again.namespace = a.namespace
			return attack(again, w.HubId, w.Attachment)
		}})
	}
	// resumes says hello with a resume, and what the welcome says.
	resumes := func(change func(*hubv1.Resume)) func(*Actor, string, []byte) hostile.Outcome {
		return func(a *Actor, hub string, token []byte) hostile.Outcome {
			r := &hubv1.Resume{HubId: hub, Attachment: bytes.Clone(token), AckEnvelopeSeq: 1}
			change(r)
			return a.resume(r)
		}
	}
	add("of its own", resumes(func(*hubv1.Resume) {}), "resumed, open")
	for name, token := range map[string][]byte{"nothing": nil, "a byte": {1}, "16 zeros": make([]byte, 16), "17 zeros": make([]byte, 17), "1 MiB": make([]byte, 1<<20)} {
		add("with a token of "+name, resumes(func(r *hubv1.Resume) { r.Attachment = token }), append(bad, begins...)...)
	}
	add("with a token that is nearly right", resumes(func(r *hubv1.Resume) { r.Attachment[15] ^= 1 }), begins...)
	add("at another hub", resumes(func(r *hubv1.Resume) { r.HubId = "another" }), begins...)
	add("at no hub", resumes(func(r *hubv1.Resume) { r.HubId = "" }), append(bad, begins...)...)
	for _, ack := range []uint64{0, 2, 1000, 1<<64 - 1} {
		add(fmt.Sprintf("after envelope %d", ack), resumes(func(r *hubv1.Resume) { r.AckEnvelopeSeq = ack }), "resumed, open", begins[0], bad[0])
	}
	hello := func(number uint64, change func(*hubv1.Hello), more ...*hubv1.Action) func(*Actor, string, []byte) hostile.Outcome {
		return func(a *Actor, hub string, token []byte) hostile.Outcome {
			h := a.Hello()
			h.Resume = &hubv1.Resume{HubId: hub, Attachment: token, AckEnvelopeSeq: 1}
			change(h)
			a.Say(Encode(&hubv1.AttachRequest{EnvelopeSeq: number, Actions: append([]*hubv1.Action{{Kind: &hubv1.Action_Hello{Hello: h}}}, more...)}))
			return a.Ends()
		}
	}
	nothing := func(*hubv1.Hello) {}
	add("anew", hello(0, func(h *hubv1.Hello) { h.Anew = true }), bad...)
	add("in envelope 1", hello(1, nothing), bad...)
	add("with a heartbeat beside it", hello(0, nothing, &hubv1.Action{Kind: &hubv1.Action_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}}), bad...)
	add("a hundred times at once", func(a *Actor, hub string, token []byte) hostile.Outcome {
		for range 100 {
			b := Attach(a.probe)
			b.namespace = a.namespace
			h := b.Hello()
			h.Resume = &hubv1.Resume{HubId: hub, Attachment: token, AckEnvelopeSeq: 1}
			b.Say(Encode(&hubv1.AttachRequest{Actions: []*hubv1.Action{{Kind: &hubv1.Action_Hello{Hello: h}}}}))
		}
		return a.resume(&hubv1.Resume{HubId: hub, Attachment: token, AckEnvelopeSeq: 1})
	}, "resumed, open", "begins anew, open", "stream ABORTED", "resumed, stream ABORTED") // whoever came last has it
	return all
}

// Numbered is welcome for a service that numbers its envelopes.
func (a *Actor) Numbered() *hubv1.Welcome {
	a.Say(Encode(&hubv1.AttachRequest{EnvelopeSeq: 1, Actions: []*hubv1.Action{{Kind: &hubv1.Action_Hello{Hello: a.Hello()}}}}))
	return hostile.Must(a.await(func(i *hubv1.Item) bool { return i.GetWelcome() != nil })).GetWelcome()
}

// resume says hello with a resume, and sees that the stream lives.
func (a *Actor) resume(r *hubv1.Resume) hostile.Outcome {
	h := a.Hello()
	h.Resume = r
	a.Do(&hubv1.Action{Kind: &hubv1.Action_Hello{Hello: h}})
	item, err := a.await(func(i *hubv1.Item) bool { return i.GetWelcome() != nil })
	if err != nil {
		return streamEnd(err)
	}
	w := item.GetWelcome()
	got := hostile.Outcome("begins anew, ")
	if w.Resumed {
		got = "resumed, "
	}
	a.Say(Encode(&hubv1.AttachRequest{EnvelopeSeq: w.AckEnvelopeSeq + 1, Actions: []*hubv1.Action{Command(1, Emit(nowhere(), "x", "[]"))}}))
	if _, err := a.await(func(i *hubv1.Item) bool { return i.GetResult().GetCommandId() == 1 }); err != nil {
		return got + streamEnd(err)
	}
	return got + hostile.Open
}
