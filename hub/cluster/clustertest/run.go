package clustertest

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/cluster"
)

// Net is hubs on one engine, and what can be done to them.
type Net struct {
	// Clusters are three or more, not open yet, with an expiry of 3 s.
	Clusters []cluster.Cluster
	// Cut cuts the n-th off without a word, or connects it again. Nil: it cannot be done.
	Cut func(n int, off bool)
	// Away takes the engine away, or brings it back. Nil: it cannot be done.
	Away func(away bool)
	// Forge sends bytes to every hub, as anybody could who may write to the engine. Nil: it cannot be done.
	Forge func(data []byte)

	// Of RunRecorder. LogAway is as Away, where what is published meanwhile waits. Shorten takes off the log what is in it now.
	// ForgeSession keeps bytes as anybody could, ForeignSession a session as a foreign server does. Nil: it cannot be done.
	LogAway        func(away bool)
	Shorten        func(t *testing.T)
	ForgeSession   func(key string, value []byte)
	ForeignSession func(key string, session cluster.Socket)
}

// Patience is how long a condition is waited for.
const Patience = 20 * time.Second

// Expiry is what the Settings of a Net's clusters have.
const Expiry = 3 * time.Second

// Run holds an engine to what package cluster promises. open returns a new net for each test; it ends what it has begun, but
// for the clusters, with t.Cleanup. The tests run at the same time: most of what they do is to wait.
func Run(t *testing.T, open func(t *testing.T) *Net) {
	t.Helper()
	for name, test := range tests() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			with(t, open, func(b *bench) { test(t, b) })
		})
	}
}

// RunVirtually is Run in virtual time, for an engine in memory.
func RunVirtually(t *testing.T, open func(t *testing.T) *Net) {
	t.Helper()
	for name, test := range tests() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { with(t, open, func(b *bench) { test(t, b) }) })
		})
	}
}

func tests() map[string]func(*testing.T, *bench) {
	return map[string]func(*testing.T, *bench){
		"Members": members, "Description": description, "Commands": commands, "Order": order, "Questions": questions,
		"LongAnswer": longAnswer, "Acks": acks, "Missing": missing, "Stop": stop, "Leave": leave, "Silence": silence,
		"Away": away, "Forged": forged, "Panic": panics, "Rooms": rooms, "Close": closing,
	}
}

// bench is a net that is open.
type bench struct {
	*Net
	hosts  []*Host
	ids    []string
	opened []bool
	start  cluster.Position // with recorders: where the test begins
}

// with opens a net, waits until all know each other, and closes it after f.
func with(t *testing.T, open func(t *testing.T) *Net, f func(*bench)) {
	t.Helper()
	b := &bench{Net: open(t)}
	for i, c := range b.Clusters {
		b.hosts = append(b.hosts, &Host{})
		b.ids = append(b.ids, fmt.Sprintf("%016x", i+0xa1))
		b.opened = append(b.opened, true)
		if err := c.Open(cluster.Self{ID: b.ids[i], Control: fmt.Sprintf("hub-%d:7400", i), Peer: fmt.Sprintf("hub-%d:7500", i)}, b.hosts[i]); err != nil {
			t.Fatal(err)
		}
		for _, namespace := range served {
			c.Serve(namespace, true)
		}
	}
	defer func() {
		for i := range b.Clusters {
			b.close(t, i)
		}
	}()
	for i := range b.Clusters {
		await(t, "all to know each other", func() bool { return b.live(i) == len(b.Clusters)-1 })
	}
	b.ready(t)
	if _, is := b.Clusters[0].(cluster.Recorder); is {
		b.start = b.fence(t, 0, "/")
	}
	f(b)
}

// served are the namespaces that hubs have sockets in.
var served = []string{"/", "/chat", "/größe #*?", "/a.b c"}

// ready waits until what is sent to a namespace arrives: subscriptions may take a moment.
func (b *bench) ready(t *testing.T) {
	t.Helper()
	for i := range b.Clusters {
		for _, namespace := range served {
			await(t, "subscriptions", func() bool {
				_ = b.Clusters[i].Publish(&cluster.Command{Namespace: namespace, ServerSide: &cluster.Message{Event: first}})
				for j, h := range b.hosts {
					if j != i && !heard(h, namespace, first) {
						return false
					}
				}
				return true
			})
			for _, h := range b.hosts {
				h.Forget()
			}
		}
	}
	// Those above were sent until they were heard: others of them may be on their way. What one hub sends to one namespace
	// arrives in order, so that behind the last one there is none.
	for i := range b.Clusters {
		for _, namespace := range served {
			_ = b.Clusters[i].Publish(&cluster.Command{Namespace: namespace, ServerSide: &cluster.Message{Event: last + b.ids[i]}})
			await(t, "what was sent before", func() bool {
				for j, h := range b.hosts {
					if j != i && !heard(h, namespace, last+b.ids[i]) {
						return false
					}
				}
				return true
			})
		}
	}
	// What is still on its way is behind none of these: a question goes to all, and its answers come back.
	for i := range b.Clusters {
		b.ask(i, &cluster.Question{Kind: cluster.Count, Namespace: "/"}).wait(t)
	}
	for _, h := range b.hosts {
		h.Forget()
	}
}

// What ready says.
const first, last = "ready", "settled "

func heard(h *Host, namespace, event string) bool {
	for _, c := range h.Commands() {
		if c.Namespace == namespace && c.ServerSide != nil && c.ServerSide.Event == event {
			return true
		}
	}
	return false
}

func (b *bench) close(t *testing.T, i int) {
	t.Helper()
	if !b.opened[i] {
		return
	}
	b.opened[i] = false
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	if err := b.Clusters[i].Close(ctx); err != nil {
		t.Errorf("close: %v", err)
	}
}

// live counts the members that a hub knows and that are not silent.
func (b *bench) live(i int) (n int) {
	for _, m := range b.Clusters[i].Members() {
		if !m.Silent {
			n++
		}
	}
	return n
}

func (b *bench) member(i int, id string) *cluster.Member {
	for _, m := range b.Clusters[i].Members() {
		if m.ID == id {
			return &m
		}
	}
	return nil
}

// await waits for a condition.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(Patience)
	for !is() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}
