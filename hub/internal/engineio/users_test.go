package engineio_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
)

// owned is a handler of a user's session.
type owned struct {
	user func() string

	mu       sync.Mutex
	received []string
}

func (o *owned) User() string { return o.user() }

func (o *owned) HandleMessage(data []byte, _ bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.received = append(o.received, string(data))
}

func (o *owned) HandleClose(engineio.Close) {}

func (o *owned) messages() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.received)
}

// owners gives each new session to the next of these users.
func owners(c *engineio.Config, users ...string) (all []*owned) {
	for _, user := range users {
		all = append(all, &owned{user: func() string { return user }})
	}
	var mu sync.Mutex
	next := 0
	c.OnSession = func(*engineio.Session) engineio.Handler {
		mu.Lock()
		defer mu.Unlock()
		next++
		return all[next-1]
	}
	return all
}

// safeLog is a writer that may be read meanwhile.
type safeLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *safeLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *safeLog) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// send sends messages over a transport and returns when they have been sent.
func (st *station) send(transport string, texts []string) {
	if transport == "polling" {
		query := st.handshake()
		for portion := range slices.Chunk(texts, 50) {
			if a := st.Post(query, "4"+strings.Join(portion, "\x1e4")); a.Status != 200 {
				st.t.Errorf("%+v", a)
			}
		}
		return
	}
	w := st.rawSocket("EIO=4&transport=websocket", "")
	st.t.Cleanup(func() { _ = w.Close() })
	go drain(w)
	for _, text := range texts {
		_, _ = w.Write(client(0x81, "4"+text))
	}
}

// The sessions of a user have a rate together: they are read later, and nothing of theirs is lost. Others are not
// concerned.
func TestUsers_ReadLaterTogether(t *testing.T) {
	// Of 460 messages 200 may come at once, as a user may be ahead twice (rates.Users), and nobody waits behind the last
	// ones, of each session at most 64 (turnMessages): the others take 1.3 s.
	const messages = 230
	cases := map[string]struct {
		rates engineio.Rates
		size  int
	}{
		"rates.user_messages": {engineio.Rates{UserMessages: 100, UserBytes: -1, Ahead: time.Second}, 10},
		"rates.user_bytes":    {engineio.Rates{UserBytes: 100_000, UserMessages: -1, Ahead: time.Second}, 1000},
	}
	for key, c := range cases {
		for _, transport := range []string{"poller", "reader", "polling"} {
			t.Run(key+" "+transport, func(t *testing.T) {
				var limits reached
				var log safeLog
				var all []*owned
				deflate := transport == "reader"
				st := newTCPStation(t, func(config *engineio.Config) {
					config.Rates, config.PerMessageDeflate.Enabled = c.rates, &deflate
					config.Logger = slog.New(slog.NewTextHandler(&log, nil))
					limits.note(config)
					all = owners(config, "ann", "ann", "bob", "")
				})
				var want []string
				for n := range messages {
					want = append(want, fmt.Sprintf("%0*d", c.size, n))
				}
				start := time.Now()
				var sending sync.WaitGroup
				for range 2 {
					sending.Go(func() { st.send(transport, want) })
				}
				eventually(t, "messages are missing", func() bool { return len(all[0].messages())+len(all[1].messages()) == 2*messages })
				if took := time.Since(start); took < time.Second {
					t.Errorf("took %v", took)
				}
				sending.Wait()
				for _, one := range all[:2] {
					if got := one.messages(); !slices.Equal(got, want) {
						t.Errorf("received %d messages, not as sent", len(got))
					}
				}
				limits.want(t, key)
				if text := log.text(); !strings.Contains(text, "user=ann option="+key) || strings.Count(text, key) > 20 {
					t.Error(text)
				}
			})
		}
	}
}

// Neither another user's session nor one without a user waits for those of one that is over the rate.
func TestUsers_OthersDoNotWait(t *testing.T) {
	var all []*owned
	st := newTCPStation(t, func(config *engineio.Config) {
		config.Rates = engineio.Rates{UserMessages: 1, Ahead: 10 * time.Millisecond}
		all = owners(config, "ann", "bob", "")
	})
	flood := strings.Split(strings.Repeat("x ", 100), " ")
	st.send("poller", flood[:100])
	receive := func(one *owned, n int) {
		t.Helper()
		eventually(t, "messages are missing", func() bool { return len(one.messages()) >= n })
	}
	receive(all[0], 1)
	st.send("poller", []string{"of bob"})
	st.send("poller", flood[:100]) // of nobody
	receive(all[1], 1)
	receive(all[2], 100)
}
