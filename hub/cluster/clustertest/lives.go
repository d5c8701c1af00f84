package clustertest

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/cluster"
)

func members(t *testing.T, b *bench) {
	list := b.Clusters[1].Members()
	for n, id := range []string{b.ids[0], b.ids[2]} {
		if m := list[n]; m.ID != id || m.Control == "" || m.Peer == "" || m.Foreign || m.Silent || m.Since.IsZero() {
			t.Errorf("%+v", m)
		}
	}
	if b.hosts[1].Changes() == 0 {
		t.Error("the host has not been told")
	}
	await(t, "Settled", func() bool { return b.Clusters[1].Status().Settled })
	s := b.Clusters[1].Status()
	if !s.Connected || s.Engine == "" || s.Since.IsZero() {
		t.Errorf("%+v", s)
	}
	await(t, "a lag", func() bool { return b.Clusters[1].Status().Lag > 0 })
}

func description(t *testing.T, b *bench) {
	long := bytes.Repeat([]byte("x"), cluster.MaxDescription)
	for _, d := range [][]byte{[]byte("one"), long, {}, []byte("two")} {
		b.Clusters[0].Describe(d)
		for i := 1; i < len(b.Clusters); i++ {
			await(t, "a description", func() bool {
				m := b.member(i, b.ids[0])
				return m != nil && bytes.Equal(m.Description, d)
			})
		}
	}
}

func leave(t *testing.T, b *bench) {
	b.hosts[2].answers(func(*cluster.Question, cluster.Responder) {})
	o := b.ask(0, &cluster.Question{Kind: cluster.Count, Namespace: "/", Timeout: time.Hour / 2})
	await(t, "the question", func() bool { return len(b.hosts[2].Asked()) > 0 })
	b.close(t, 2)
	o.want(t, b.ids[2]) // it is not waited for
	for i := range 2 {
		await(t, "its leave", func() bool { return b.member(i, b.ids[2]) == nil })
	}
	b.ask(0, &cluster.Question{Kind: cluster.Count, Namespace: "/"}).want(t)
}

func silence(t *testing.T, b *bench) {
	if b.Cut == nil {
		t.Skip("nobody can be cut off")
	}
	await(t, "Settled", func() bool { return b.Clusters[0].Status().Settled })
	b.Cut(2, true)
	o := b.ask(0, &cluster.Question{Kind: cluster.Count, Namespace: "/", Timeout: time.Hour / 2})
	o.want(t, b.ids[2]) // it becomes silent while it is waited for
	if m := b.member(0, b.ids[2]); m == nil || !m.Silent {
		t.Errorf("%+v", m)
	}
	await(t, "its loss", func() bool { return b.member(0, b.ids[2]) == nil })
	b.Cut(2, false)
	for i := range b.Clusters {
		await(t, "its return", func() bool { return b.live(i) == len(b.Clusters)-1 })
	}
	b.ask(0, &cluster.Question{Kind: cluster.Count, Namespace: "/"}).want(t)
}

func away(t *testing.T, b *bench) {
	if b.Away == nil {
		t.Skip("it cannot be taken away")
	}
	await(t, "Settled", func() bool { return b.Clusters[0].Status().Settled })
	b.Away(true)
	for _, c := range b.Clusters {
		await(t, "its end", func() bool { return !c.Status().Connected })
	}
	if err := b.Clusters[0].Publish(&cluster.Command{Namespace: "/", Target: cluster.Target{All: true}, Message: message("x", `[]`)}); !errors.Is(err, cluster.ErrAway) {
		t.Errorf("%v, want ErrAway", err)
	}
	b.ask(0, &cluster.Question{Kind: cluster.Count, Namespace: "/", Timeout: time.Hour / 2}).want(t, b.ids[1:]...)
	<-time.After(Expiry + time.Second) // longer than whoever is really gone stays
	if got := len(b.Clusters[0].Members()); got != len(b.Clusters)-1 || b.Clusters[0].Status().Settled {
		t.Errorf("%d members", got)
	}
	b.Away(false)
	for i, c := range b.Clusters {
		await(t, "its return", func() bool { return c.Status().Connected && b.live(i) == len(b.Clusters)-1 })
	}
	b.ready(t)
}

func forged(t *testing.T, b *bench) {
	if b.Forge == nil {
		t.Skip("nothing can be forged")
	}
	for _, data := range Hostile() {
		b.Forge(data)
	}
	b.ask(0, &cluster.Question{Kind: cluster.Count, Namespace: "/"}).want(t)
	for i, h := range b.hosts {
		if got := h.Commands(); len(got) > 0 {
			t.Errorf("hub %d has carried out %+v", i, got[0])
		}
	}
	if got := len(b.Clusters[0].Members()); got != len(b.Clusters)-1 {
		t.Errorf("%d members", got)
	}
}

func panics(t *testing.T, b *bench) {
	b.hosts[1].OnApply = func(*cluster.Command) { panic("apply") }
	b.hosts[1].answers(func(*cluster.Question, cluster.Responder) { panic("answer") })
	if err := b.Clusters[0].Publish(&cluster.Command{Namespace: "/", Target: cluster.Target{All: true}, Message: message("x", `[]`)}); err != nil {
		t.Fatal(err)
	}
	b.ask(0, &cluster.Question{Kind: cluster.Count, Namespace: "/", Timeout: time.Hour / 2}).want(t, b.ids[1])
	b.hosts[1].answers(nil)
	b.ask(0, &cluster.Question{Kind: cluster.Count, Namespace: "/"}).want(t)
}

func closing(t *testing.T, b *bench) {
	for _, h := range b.hosts[1:] {
		h.answers(func(*cluster.Question, cluster.Responder) {})
	}
	o := b.ask(0, &cluster.Question{Kind: cluster.Count, Namespace: "/", Timeout: time.Hour / 2})
	if err := b.Clusters[0].Publish(&cluster.Command{Namespace: "/", Target: cluster.Target{All: true}, Message: message("last", `[]`)}); err != nil {
		t.Fatal(err)
	}
	b.close(t, 0)
	o.want(t, b.ids[1:]...)
	await(t, "what was published before", func() bool { return len(b.hosts[1].Commands()) == 1 && len(b.hosts[2].Commands()) == 1 })
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	if err := b.Clusters[0].Close(ctx); err != nil {
		t.Errorf("a second close: %v", err)
	}
	if err := b.Clusters[0].Publish(&cluster.Command{Namespace: "/", Target: cluster.Target{All: true}, Message: message("x", `[]`)}); err == nil {
		t.Error("published after Close")
	}
	b.ask(0, &cluster.Question{Kind: cluster.Count, Namespace: "/"}).wait(t)
}
