package redis

import (
	"bytes"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/siohub/siohub/hub/cluster"
)

func TestStreams_NothingIsLostWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	s := newServer(t, "--appendonly", "yes", "--appendfsync", "always")
	one, two := pair(t, Streams, s)
	published := 0
	publish := func(d time.Duration) {
		ticker := time.NewTicker(time.Millisecond)
		defer ticker.Stop()
		for end := time.Now().Add(d); time.Now().Before(end); <-ticker.C {
			mustPublish(t, one, &cluster.Command{Namespace: "/", Target: all(), Message: message("n", "["+strconv.Itoa(published)+"]")})
			published++
		}
	}
	for range 2 {
		publish(100 * time.Millisecond)
		s.kill()
		publish(700 * time.Millisecond)
		if one.cluster.Status().Connected {
			t.Error("it seems to be connected")
		}
		s.start()
		publish(100 * time.Millisecond)
		one.connected()
		two.connected()
	}
	for i := range published {
		if got := string(two.event("n").Message.Args); got != "["+strconv.Itoa(i)+"]" {
			t.Fatalf("%s in place of %d", got, i)
		}
	}
	if seen := two.seen(); len(seen) > 0 {
		t.Errorf("twice: %s", short(seen))
	}
}

func TestEngine_ComesBackAndAnswersMeanwhile(t *testing.T) {
	onEach(t, func(t *testing.T, engine string) {
		s := newServer(t)
		one, two := pair(t, engine, s)
		s.kill()
		eventually(t, "it is noticed", func() bool { return !one.cluster.Status().Connected && !two.cluster.Status().Connected })
		err := one.cluster.Publish(&cluster.Command{Namespace: "/", Target: all(), Message: message("lost", `[]`)})
		if engine != Streams && !errors.Is(err, cluster.ErrAway) {
			t.Errorf("published: %v", err)
		}
		begun := time.Now()
		if answers, missing := one.ask(&cluster.Question{Kind: cluster.Fetch, Namespace: "/", Target: all(), Timeout: time.Hour}); len(answers) != 0 || len(missing) != 1 || missing[0] != two.id {
			t.Errorf("%s, missing %v", short(answers), missing)
		}
		s.start()
		eventually(t, "a message comes again", func() bool {
			_ = one.cluster.Publish(&cluster.Command{Namespace: "/", Target: all(), Message: message("again", `[]`)})
			return len(two.seen()) > 0
		})
		t.Logf("%s was back after %v", engine, time.Since(begun))
	})
}

// TestEngine_AnswersWhileNothingPasses has the way to Redis swallow everything, which nobody notices at once.
func TestEngine_AnswersWhileNothingPasses(t *testing.T) {
	onEach(t, func(t *testing.T, engine string) {
		s := newServer(t)
		gate := newGate(t, s.address)
		one := newHost(t, Config{Engine: engine, URL: "redis://" + gate.address}).connected()
		two := newHost(t, Config{Engine: engine, URL: s.url()}).connected()
		one.meets(1)
		two.meets(1)
		gate.held(1000, func() {
			// until it is noticed that there is no connection, and then
			for away := 0; away < 3; {
				if !one.cluster.Status().Connected {
					away++
				}
				begun := time.Now()
				if answers, missing := one.ask(&cluster.Question{Kind: cluster.Fetch, Namespace: "/", Target: all(), Timeout: time.Hour}); len(answers) != 0 || len(missing) != 1 || missing[0] != two.id {
					t.Errorf("%s, missing %v", short(answers), missing)
				}
				if took := time.Since(begun); took >= replyTimeout {
					t.Errorf("it took %v", took)
				}
			}
		})
	})
}

// TestEngine_OneThatSaysNothingMakesNobodyLost, however short cluster.expiry is.
func TestEngine_OneThatSaysNothingMakesNobodyLost(t *testing.T) {
	onEach(t, func(t *testing.T, engine string) {
		s := newServer(t)
		one, two := pair(t, engine, s)
		s.signal(syscall.SIGSTOP)
		lost := func() bool { return len(one.cluster.Members()) == 0 || len(two.cluster.Members()) == 0 }
		begun := time.Now()
		eventually(t, "longer than whoever is gone stays", func() bool { return lost() || time.Since(begun) > 3*time.Second+time.Second })
		if lost() {
			t.Errorf("%+v %+v, %+v %+v", one.cluster.Members(), one.cluster.Status(), two.cluster.Members(), two.cluster.Status())
		}
		s.signal(syscall.SIGCONT)
		// Whether Redis is away may be noticed only now, and what is published meanwhile goes with the connection.
		eventually(t, "a message comes again", func() bool {
			_ = one.cluster.Publish(&cluster.Command{Namespace: "/", Target: all(), Message: message("again", `[]`)})
			return len(two.seen()) > 0
		})
	})
}

func TestStreams_AQueueHasAnEnd(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c := Config{Engine: Streams, URL: s.url(), Settings: cluster.Settings{MaxMessage: 64 << 10, QueueBytes: 64 << 10}}
	h := newHost(t, c).connected()
	s.kill()
	eventually(t, "the queue is full", func() bool {
		return errors.Is(h.cluster.Publish(&cluster.Command{Namespace: "/", Target: all(), Message: message("x", `[]`)}), cluster.ErrFull)
	})
	if err := h.cluster.Publish(&cluster.Command{Namespace: "/", Target: all(), Message: message("x", `["`+string(make([]byte, 1<<18))+`"]`)}); !errors.Is(err, cluster.ErrTooLarge) {
		t.Errorf("large: %v", err)
	}
}

func TestStreams_CloseDoesNotWaitForAnEntry(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	c, err := New(Config{Engine: Streams, URL: s.url()})
	if err != nil {
		t.Fatal(err)
	}
	c.(*streamsEngine).road.(*streams).block = time.Hour
	if err := c.Open(cluster.Self{ID: "00000000000000aa"}, &host{t: t}); err != nil {
		t.Fatal(err)
	}
	nodes := c.(*streamsEngine).nodes
	watcher, err := Config{URL: s.url()}.connect()
	if err != nil {
		t.Fatal(err)
	}
	defer watcher.close()
	eventually(t, "it waits for an entry", func() bool {
		list, err := watcher.client.ClientList(t.Context()).Result()
		return err == nil && strings.Contains(list, "cmd=xread")
	})
	closed := make(chan error, 1)
	go func() { closed <- c.Close(t.Context()) }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		nodes.close() // so that it ends
		t.Fatal("Close waits for an entry that nobody appends")
	}
}

// TestStreams_AnEntryThatIsRefusedIsNotLost has Redis refuse one of several entries, as it does where its memory is full.
func TestStreams_AnEntryThatIsRefusedIsNotLost(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	gate := newGate(t, s.address)
	two := newHost(t, Config{Engine: Streams, URL: s.url()}, cluster.Socket{ID: "two", Rooms: []string{"a"}}).connected()
	logged := new(bytes.Buffer) // read once its hub is closed
	t.Cleanup(func() {
		if !strings.Contains(logged.String(), "unknown command") {
			t.Errorf("the log does not say why: %s", logged)
		}
	})
	settings := cluster.Settings{Logger: slog.New(slog.NewTextHandler(logged, nil))}
	one := newHost(t, Config{Engine: Streams, URL: "redis://" + gate.address, Settings: settings}).connected()
	one.meets(1)
	two.meets(1)
	const n = 20
	gate.held(n/2, func() {
		for i := range n {
			mustPublish(t, one, &cluster.Command{Namespace: "/", Target: all(), Message: message("n", "["+strconv.Itoa(i)+"]")})
		}
	})
	for i := range n {
		if got := string(two.event("n").Message.Args); got != "["+strconv.Itoa(i)+"]" {
			t.Fatalf("%s in place of %d", got, i)
		}
	}
	mustPublish(t, one, &cluster.Command{Namespace: "/", Target: all(), Message: message("last", `[]`)})
	two.event("last")
	if seen := two.seen(); len(seen) > 0 {
		t.Errorf("twice: %s", short(seen))
	}
	if !gate.spoiled() {
		t.Error("no entry was refused")
	}
}

// TestStreams_AMasterThatLacksTheLastEntries is one that was promoted: what it has was read before, and is not read again.
func TestStreams_AMasterThatLacksTheLastEntries(t *testing.T) {
	t.Parallel()
	first, second := newServer(t), newServer(t)
	add := func(s *server, id, event string) {
		t.Helper()
		c := redis.NewClient(&redis.Options{Addr: s.address})
		defer c.Close()
		values := []any{"uid", "emitter", "nsp", "/", "type", "3", "data", `{"opts":{"rooms":[],"except":[],"flags":{}},"packet":{"type":2,"data":["` + event + `"],"nsp":"/"}}`}
		if err := c.XAdd(t.Context(), &redis.XAddArgs{Stream: "socket.io", ID: id, Values: values}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []*server{first, second} {
		add(s, "8000000000005-0", "before the hub was there")
	}
	gate := newGate(t, first.address)
	h := newHost(t, Config{Engine: Streams, URL: "redis://" + gate.address}).connected()
	for _, id := range []string{"9000000000010-0", "9000000000011-0", "9000000000012-0"} {
		add(first, id, id)
		h.event(id)
	}
	add(second, "9000000000010-0", "once more")
	gate.turn(second.address)
	eventually(t, "it is noticed", func() bool { return !h.cluster.Status().Connected })
	h.connected()
	add(second, "9000000000011-5", "of a clock that is behind")
	h.event("of a clock that is behind")
	add(second, "9000000000020-0", "new")
	h.event("new")
	if seen := h.seen(); len(seen) > 0 {
		t.Errorf("once more: %s", short(seen))
	}
}
