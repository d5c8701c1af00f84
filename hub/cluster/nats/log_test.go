package nats

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/clustertest"
)

// openedRecorders opens hubs with a log, and closes them at the end.
func openedRecorders(t testing.TB, configs ...Config) (list []*Recorder, hosts []*clustertest.Host) {
	t.Helper()
	for i, config := range configs {
		config.Logger = quiet()
		if config.RequestTimeout == 0 {
			config.RequestTimeout = clustertest.Patience
		}
		r, err := NewRecorder(config)
		if err != nil {
			t.Fatal(err)
		}
		h := &clustertest.Host{}
		if err := r.Open(cluster.Self{ID: fmt.Sprintf("%016x", i+1)}, h); err != nil {
			t.Fatal(err)
		}
		r.Serve("/", true)
		list, hosts = append(list, r), append(hosts, h)
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), clustertest.Patience)
			defer cancel()
			if err := r.Close(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	for _, r := range list {
		for deadline := time.Now().Add(clustertest.Patience); r.Applied("/") == (cluster.Position{}); <-time.After(2 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the log is not read")
			}
		}
	}
	return list, hosts
}

func fenceOf(t testing.TB, r *Recorder) cluster.Position {
	t.Helper()
	type result struct {
		at  cluster.Position
		err error
	}
	ended := make(chan result, 1)
	r.Fence("/", func(at cluster.Position, err error) { ended <- result{at, err} })
	got := <-ended
	if got.err != nil {
		t.Fatal(got.err)
	}
	return got.at
}

func replayed(t testing.TB, r *Recorder, after, to cluster.Position) (list []*cluster.Command) {
	t.Helper()
	if err := r.Replay(context.Background(), "/", after, to, func(c *cluster.Command) bool { list = append(list, c); return true }); err != nil {
		t.Fatal(err)
	}
	return list
}

// TestLog_NothingIsLostWhileNATSIsAway: what is published meanwhile arrives once it is back, in order and once.
func TestLog_NothingIsLostWhileNATSIsAway(t *testing.T) {
	b := newBroker(t, withJetStream(t))
	config := Config{URL: b.url(), Settings: cluster.Settings{Expiry: 3 * time.Second}}
	list, hosts := openedRecorders(t, config, config)
	from := fenceOf(t, list[0])
	published := 0
	publish := func(d time.Duration) {
		ticker := time.NewTicker(time.Millisecond)
		defer ticker.Stop()
		for end := time.Now().Add(d); time.Now().Before(end); <-ticker.C {
			if err := list[0].Publish(emit(fmt.Sprintf("[%d]", published))); err != nil {
				t.Fatal(err)
			}
			published++
		}
	}
	for range 3 {
		publish(100 * time.Millisecond)
		b.kill()
		publish(500 * time.Millisecond)
		b.start()
		publish(100 * time.Millisecond)
		wait(t, "its return", func() bool { return list[0].Status().Connected && list[1].Status().Connected })
	}
	wait(t, "what was published", func() bool { return len(hosts[1].Commands()) >= published })
	in := func(what string, list []*cluster.Command) {
		t.Helper()
		if len(list) != published {
			t.Errorf("%s: %d of %d", what, len(list), published)
		}
		for i, c := range list {
			if want := fmt.Sprintf("[%d]", i); string(c.Message.Args) != want {
				t.Fatalf("%s: %s in place of %s", what, c.Message.Args, want)
			}
		}
	}
	in("applied", hosts[1].Commands())
	in("replayed", replayed(t, list[0], from, fenceOf(t, list[1])))
}

// TestLog_AHubThatWasCutOffReadsWhatItHasMissed.
func TestLog_AHubThatWasCutOffReadsWhatItHasMissed(t *testing.T) {
	b := newBroker(t, withJetStream(t))
	p := newPipe(t, b.url()[len("nats://"):])
	list, hosts := openedRecorders(t, Config{URL: b.url()}, Config{URL: "nats://" + p.listener.Addr().String()})
	p.cut(true)
	for i := range 300 {
		if err := list[0].Publish(emit(fmt.Sprintf("[%d]", i))); err != nil {
			t.Fatal(err)
		}
	}
	fenceOf(t, list[0])
	p.cut(false)
	wait(t, "what it has missed", func() bool { return len(hosts[1].Commands()) >= 300 })
	for i, c := range hosts[1].Commands() {
		if want := fmt.Sprintf("[%d]", i); string(c.Message.Args) != want {
			t.Fatalf("%s in place of %s", c.Message.Args, want)
		}
	}
}

// TestLog_WhatIsLargerThanAMessageGoesInParts, and is whole whatever place it is replayed from.
func TestLog_WhatIsLargerThanAMessageGoesInParts(t *testing.T) {
	b := newBroker(t, func(o *server.Options) {
		withJetStream(t)(o)
		o.MaxPayload = 64 << 10
	})
	list, hosts := openedRecorders(t, Config{URL: b.url()}, Config{URL: b.url()})
	from := fenceOf(t, list[0])
	large := `["` + strings.Repeat("x", 1<<20) + `"]`
	var sending sync.WaitGroup
	for _, r := range list { // at the same time
		sending.Go(func() {
			for i := range 3 {
				for _, c := range []*cluster.Command{emit(large), emit(fmt.Sprintf("[%d]", i))} {
					if err := r.Publish(c); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	sending.Wait()
	fenceOf(t, list[0])
	to := fenceOf(t, list[1])
	all := replayed(t, list[0], from, to)
	if len(all) != 12 {
		t.Fatalf("%d commands", len(all))
	}
	for i, h := range hosts {
		if got := h.Commands(); len(got) != 6 || string(got[0].Message.Args) != large || string(got[5].Message.Args) != "[2]" {
			t.Errorf("hub %d has applied %d", i, len(got))
		}
	}
	for i, c := range all { // between the parts of others too
		got := replayed(t, list[1], c.Origin.At, to)
		if len(got) != len(all)-i-1 {
			t.Errorf("after %d: %d commands", i, len(got))
		}
		for n, c := range got {
			if string(c.Message.Args) != string(all[i+1+n].Message.Args) {
				t.Fatalf("after %d: %d is another one", i, n)
			}
		}
	}
}

// TestLog_AnotherStreamOfItsName is noticed: what was said of the former one is gone.
func TestLog_AnotherStreamOfItsName(t *testing.T) {
	b := newBroker(t, withJetStream(t))
	list, hosts := openedRecorders(t, Config{URL: b.url()}, Config{URL: b.url()})
	if err := list[0].Publish(emit("[0]")); err != nil {
		t.Fatal(err)
	}
	before := fenceOf(t, list[0])
	if err := list[0].js.DeleteStream(t.Context(), "socket--io-log"); err != nil {
		t.Fatal(err)
	}
	n := 0
	wait(t, "what comes afterwards", func() bool {
		n++
		_ = list[0].Publish(emit(fmt.Sprintf("[%d]", n)))
		return len(hosts[1].Commands()) > 1
	})
	at := fenceOf(t, list[0])
	if !before.Before(at) {
		t.Errorf("%v after %v", at, before)
	}
	if err := list[1].Replay(t.Context(), "/", before, at, func(*cluster.Command) bool { return true }); !errors.Is(err, cluster.ErrGone) {
		t.Errorf("%v, want ErrGone", err)
	}
}

// TestLog_WithoutJetStreamIsSaid: nothing crosses, and the log names the key.
func TestLog_WithoutJetStreamIsSaid(t *testing.T) {
	b := newBroker(t, nil)
	log := &lines{}
	r, err := NewRecorder(Config{URL: b.url(), Settings: cluster.Settings{Logger: log.logger(), RequestTimeout: 200 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Open(cluster.Self{ID: "00000000000000f0"}, &clustertest.Host{}); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	r.Fence("/", func(_ cluster.Position, err error) { ended <- err })
	if err := <-ended; !errors.Is(err, cluster.ErrAway) {
		t.Errorf("fence: %v", err)
	}
	if _, err := r.TakeSession(t.Context(), "x"); !errors.Is(err, cluster.ErrAway) {
		t.Errorf("take: %v", err)
	}
	wait(t, "a line", func() bool { return strings.Contains(log.String(), "cluster.jetstream.enabled") })
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = r.Close(ctx)
}

// TestLog_TheDocumentedUserIsEnough for all that a hub does.
func TestLog_TheDocumentedUserIsEnough(t *testing.T) {
	publish := &server.SubjectPermission{Allow: []string{"socket.io.>", "$JS.API.>"}}
	subscribe := &server.SubjectPermission{Allow: []string{"socket.io.>", "_INBOX.>"}}
	b := newBroker(t, func(o *server.Options) {
		withJetStream(t)(o)
		o.Users = []*server.User{{Username: "hub", Password: "secret", Permissions: &server.Permissions{Publish: publish, Subscribe: subscribe}}}
	})
	url := strings.Replace(b.url(), "nats://", "nats://hub:secret@", 1)
	list, hosts := openedRecorders(t, Config{URL: url}, Config{URL: url})
	from := fenceOf(t, list[0])
	if err := list[0].Publish(emit("[1]")); err != nil {
		t.Fatal(err)
	}
	to := fenceOf(t, list[0])
	wait(t, "it", func() bool { return len(hosts[1].Commands()) == 1 })
	if got := replayed(t, list[1], from, to); len(got) != 1 {
		t.Errorf("%d in the log", len(got))
	}
	kept := make(chan error, 1)
	list[0].KeepSession("k", []byte("v"), time.Minute, func(err error) { kept <- err })
	if err := <-kept; err != nil {
		t.Error(err)
	}
	if s, err := list[1].TakeSession(t.Context(), "k"); err != nil || s == nil || string(s.Value) != "v" {
		t.Errorf("%+v, %v", s, err)
	}
}

// BenchmarkPublish is a command from one hub to another, one after the other, and as many as fit.
func BenchmarkPublish(b *testing.B) {
	dir := b.TempDir()
	o := &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true, JetStream: true, StoreDir: dir}
	s, err := server.NewServer(o)
	if err != nil {
		b.Fatal(err)
	}
	s.Start()
	b.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(clustertest.Patience) {
		b.Fatal("the server does not start")
	}
	arrived := make(chan struct{}, 1<<20)
	list, hosts := openedRecorders(b, Config{URL: s.ClientURL()}, Config{URL: s.ClientURL()})
	hosts[1].OnApply = func(*cluster.Command) { arrived <- struct{}{} }
	var plain []*Cluster
	for i := range 2 {
		c, err := New(Config{URL: s.ClientURL(), Prefix: "plain", Settings: cluster.Settings{Logger: quiet()}})
		if err != nil {
			b.Fatal(err)
		}
		h := &clustertest.Host{OnApply: func(*cluster.Command) { arrived <- struct{}{} }}
		if err := c.Open(cluster.Self{ID: fmt.Sprintf("%016x", i+16)}, h); err != nil {
			b.Fatal(err)
		}
		c.Serve("/", true)
		b.Cleanup(func() { _ = c.Close(context.Background()) })
		plain = append(plain, c)
	}
	<-time.After(time.Second) // subscriptions
	c := emit(`["` + strings.Repeat("x", 200) + `"]`)
	for name, publish := range map[string]func(*cluster.Command) error{"core": plain[0].Publish, "jetstream": list[0].Publish} {
		b.Run(name+"/latency", func(b *testing.B) {
			for b.Loop() {
				if err := publish(c); err != nil {
					b.Fatal(err)
				}
				<-arrived
			}
		})
		b.Run(name+"/throughput", func(b *testing.B) {
			const most = 1000 // on their way
			for n := range b.N {
				if n >= most {
					<-arrived
				}
				if err := publish(c); err != nil {
					b.Fatal(err)
				}
			}
			for range min(b.N, most) {
				<-arrived
			}
		})
	}
}

// BenchmarkPassedOver is a command for a room that nobody here is in.
func BenchmarkPassedOver(b *testing.B) {
	r, err := NewRecorder(Config{URL: "nats://127.0.0.1:1", Settings: cluster.Settings{Logger: quiet()}})
	if err != nil {
		b.Fatal(err)
	}
	if err := r.Mesh.Open(cluster.Self{ID: "00000000000000f0"}, &clustertest.Host{Nobody: true}); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = r.Mesh.Close(context.Background()) }()
	r.Serve("/", true)
	entry := appendEntry(nil, &logEntry{"/", "room", []byte(strings.Repeat("x", 200))})
	b.ReportAllocs()
	for n := uint64(1); b.Loop(); n++ {
		r.in.take(appendLog(&logMessage{sender: "0000000000000001", number: n, entries: entry}), n)
	}
}

func FuzzLog(f *testing.F) {
	f.Add([]byte{})
	for _, entries := range [][]byte{nil, {0, 0, 0}, {1, '/', 0, 200}, appendEntry(nil, &logEntry{"/", "r", []byte{0x80}})} {
		f.Add(appendLog(&logMessage{sender: "0000000000000001", number: 1, entries: entries}))
		f.Add(appendLog(&logMessage{sender: "0000000000000001", number: 1, more: true, continued: true, start: 9, entries: entries}))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := readLog(b)
		if err != nil {
			return
		}
		if got := appendLog(&m); string(got[4:]) != string(b[4:]) {
			t.Fatalf("%x became %x", b, got)
		}
		list, err := readEntries(m.entries)
		if err != nil {
			return
		}
		for i := range list {
			_, _ = list[i].decode(m.sender, cluster.Position{})
		}
		p := parts{most: 1000, waiting: map[string]*partial{m.sender: {start: m.start, number: m.number - 1, entries: make([]byte, 500)}}}
		if joined, _ := p.join(&m, 10); len(joined) > 1000 && m.continued {
			t.Fatalf("%d bytes", len(joined))
		}
	})
}
