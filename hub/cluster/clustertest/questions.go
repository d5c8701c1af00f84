package clustertest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/siohub/siohub/hub/cluster"
)

// everyQuestion is one of each kind, with an answer.
func everyQuestion() (list []*cluster.Question, answers []*cluster.Answer) {
	five := uint64(5)
	at := time.UnixMicro(1_700_000_000_123_456)
	add := func(q *cluster.Question, a *cluster.Answer) {
		list, answers = append(list, q), append(answers, a)
	}
	add(&cluster.Question{Kind: cluster.Fetch, Namespace: "/chat", Target: cluster.Target{Rooms: odd, Users: []string{"ann"}}, Handshakes: true},
		&cluster.Answer{Sockets: []cluster.Socket{
			{ID: "s1"},
			{
				ID: "s2", User: "ann", Transport: "websocket", ClientID: "c", Rooms: odd, Data: []byte(`{"n":9007199254740993}`), DataVersion: 1 << 60,
				ConnectTime: at, Handshake: &cluster.Handshake{
					Address: "192.0.2.1", URL: "/socket.io/?EIO=4", Origin: "https://example.com", Secure: true, CrossDomain: true, Time: at,
					Headers: []cluster.Pair{{Name: "cookie", Value: "a=1"}, {Name: "cookie", Value: ""}}, Query: []cluster.Pair{{Name: "EIO", Value: "4"}}, Auth: []byte(`{"t":1}`),
				},
			},
		}})
	add(&cluster.Question{Kind: cluster.Count, Namespace: "/", Target: cluster.Target{All: true}}, &cluster.Answer{Count: 12345})
	add(&cluster.Question{Kind: cluster.ListRooms, Namespace: "/größe #*?", Prefix: "gr"}, &cluster.Answer{Names: []cluster.Size{{Name: "größe", Sockets: 3}, {Name: " ", Sockets: 1}}})
	add(&cluster.Question{Kind: cluster.ListUsers, Namespace: "/", Prefix: "a"}, &cluster.Answer{Names: []cluster.Size{{Name: "ann", Sockets: 2}}})
	add(&cluster.Question{Kind: cluster.CarryOut, Namespace: "/", Command: &cluster.Command{
		Namespace: "/", Target: cluster.Target{Users: []string{"ann"}}, Data: &cluster.Data{JSON: []byte(`1`), Expected: &five},
	}}, &cluster.Answer{Outcome: &cluster.Outcome{Matched: 4, Queued: 2, Dropped: 1, Stored: 1, DataVersion: 6}})
	add(&cluster.Question{Kind: cluster.ServerSideEmit, Namespace: "/", Message: message("ask", `["x"]`, []byte{9})},
		&cluster.Answer{Value: []byte(`[{"_placeholder":true,"num":0}]`), Attachments: [][]byte{{1, 2}}})
	add(&cluster.Question{Kind: cluster.Signalled, Signal: []byte{1, 0}, Timeout: 3 * time.Second}, &cluster.Answer{Signal: bytes.Repeat([]byte{3}, 300_000)})
	return list, answers
}

func questions(t *testing.T, b *bench) {
	list, answers := everyQuestion()
	var reply *cluster.Answer
	for _, h := range b.hosts {
		h.answers(func(_ *cluster.Question, r cluster.Responder) {
			own := *reply
			r.Answer(&own)
		})
	}
	for n, q := range list {
		reply = answers[n]
		of := b.ask(0, q).want(t)
		if len(of) != len(b.Clusters)-1 {
			t.Errorf("question %d: answers of %d hubs", n, len(of))
		}
		for from, got := range of {
			want := *reply
			want.From = from
			if d := cmp.Diff([]*cluster.Answer{&want}, got, same); d != "" {
				t.Errorf("question %d: %s", n, clip(d))
			}
		}
		for i := 1; i < len(b.hosts); i++ {
			asked := *b.hosts[i].Asked()[n]
			if q.Timeout == 0 {
				asked.Timeout = 0
			}
			if d := cmp.Diff(*q, asked, same); d != "" {
				t.Errorf("question %d as hub %d has got it: %s", n, i, clip(d))
			}
		}
	}
	if got := b.hosts[0].Asked(); len(got) > 0 {
		t.Error("the asker was asked itself")
	}
	reply = &cluster.Answer{Count: 1}
	of := b.ask(0, &cluster.Question{Kind: cluster.Count, Namespace: "/", To: []string{b.ids[2], "00000000000000ff"}}).want(t, "00000000000000ff")
	if len(of) != 1 || len(of[b.ids[2]]) != 1 {
		t.Errorf("asked one hub, answers of %d", len(of))
	}
}

// longAnswer is of more sockets than one message holds.
func longAnswer(t *testing.T, b *bench) {
	const sockets = 6_000
	for _, h := range b.hosts {
		h.answers(func(_ *cluster.Question, r cluster.Responder) {
			a := &cluster.Answer{}
			for i := range sockets {
				a.Sockets = append(a.Sockets, cluster.Socket{ID: fmt.Sprint("socket-", i), Data: []byte(`"` + strings.Repeat("d", 50) + `"`)})
			}
			r.Answer(a)
		})
	}
	var whole *asked
	await(t, "an answer of all", func() bool { // on a machine that does much else one may be silent for a moment, and is not waited for
		whole = b.ask(0, &cluster.Question{Kind: cluster.Fetch, Namespace: "/", Target: cluster.Target{All: true}, Timeout: Patience})
		whole.wait(t)
		whole.mu.Lock()
		defer whole.mu.Unlock()
		return len(whole.missing) == 0
	})
	for from, parts := range whole.want(t) {
		n := 0
		for i, a := range parts {
			if a.More != (i < len(parts)-1) {
				t.Errorf("part %d of %d: more: %v", i, len(parts), a.More)
			}
			for _, s := range a.Sockets {
				if s.ID != fmt.Sprint("socket-", n) {
					t.Fatalf("hub %s: socket %d is %s", from, n, s.ID)
				}
				n++
			}
		}
		if n != sockets {
			t.Errorf("hub %s: %d sockets", from, n)
		}
	}
}

// acks is an answer in parts, some of which come later.
func acks(t *testing.T, b *bench) {
	later := make(chan cluster.Responder, len(b.hosts))
	for _, h := range b.hosts {
		h.answers(func(_ *cluster.Question, r cluster.Responder) {
			two := 2
			r.Answer(&cluster.Answer{More: true, Acks: &cluster.AckPart{Expected: &two}})
			later <- r
		})
	}
	o := b.ask(0, &cluster.Question{Kind: cluster.Acks, Namespace: "/", Target: cluster.Target{All: true}, Message: message("ask", `[1]`), Timeout: Patience})
	for range len(b.Clusters) - 1 {
		r := <-later
		if r.Ended() {
			t.Error("ended before it began")
		}
		for i := range 2 {
			r.Answer(&cluster.Answer{More: true, Acks: &cluster.AckPart{Ack: &cluster.Ack{Socket: fmt.Sprint("s", i), Args: []byte(`[9007199254740993]`), Attachments: [][]byte{{1}}}}})
		}
		r.Answer(&cluster.Answer{Acks: &cluster.AckPart{Total: &cluster.AckTotal{Expected: 2, Acked: 2}}})
		r.Answer(&cluster.Answer{Acks: &cluster.AckPart{Total: &cluster.AckTotal{Expected: 3}}}) // too many
		if !r.Ended() {
			t.Error("not ended after the last answer")
		}
	}
	for from, parts := range o.want(t) {
		if len(parts) != 4 || *parts[0].Acks.Expected != 2 || string(parts[2].Acks.Ack.Args) != `[9007199254740993]` || parts[3].Acks.Total.Acked != 2 {
			t.Errorf("hub %s: %d parts", from, len(parts))
		}
	}
}

// missing has one hub that says nothing, and one that says half.
func missing(t *testing.T, b *bench) {
	b.hosts[1].answers(func(*cluster.Question, cluster.Responder) {})
	var half cluster.Responder
	b.hosts[2].answers(func(_ *cluster.Question, r cluster.Responder) {
		half = r
		r.Answer(&cluster.Answer{More: true, Count: 1})
	})
	of := b.ask(0, &cluster.Question{Kind: cluster.Count, Namespace: "/", Timeout: 500 * time.Millisecond}).want(t, b.ids[1], b.ids[2])
	if len(of[b.ids[2]]) != 1 {
		t.Error("the half has not arrived")
	}
	await(t, "the end of the question where it is answered", half.Ended)
	half.Answer(&cluster.Answer{Count: 2}) // to nobody
	b.hosts[1].answers(nil)
	b.hosts[2].answers(nil)
	b.ask(0, &cluster.Question{Kind: cluster.Count, Namespace: "/"}).want(t)
}

// stop ends a question before its time.
func stop(t *testing.T, b *bench) {
	began := make(chan cluster.Responder, 8)
	for _, h := range b.hosts {
		h.answers(func(_ *cluster.Question, r cluster.Responder) { began <- r })
	}
	o := b.ask(0, &cluster.Question{Kind: cluster.Count, Namespace: "/", Timeout: time.Hour / 2})
	r := <-began
	o.stop()
	o.stop()
	o.want(t, b.ids[1:]...)
	await(t, "the end of the question where it is answered", r.Ended)
}
