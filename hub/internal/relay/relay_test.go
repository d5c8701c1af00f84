package relay_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
)

// Browsers behind what balances load without stickiness lose nothing, and everything comes in order, upgrades among them.
func TestRelay_WithoutStickySessions(t *testing.T) {
	const browsers, messages = 12, 30
	for _, hubs := range []int{2, 3} {
		for _, transport := range []hubtest.Transport{hubtest.Polling, hubtest.Upgraded} {
			t.Run(fmt.Sprintf("%d hubs, %s", hubs, transport), func(t *testing.T) {
				c := newCluster(t, hubs, options{})
				front := c.front()
				var all sync.WaitGroup
				for i := range browsers {
					b := front.Open(hubtest.Options{Transport: transport})
					all.Go(func() {
						for n := range messages {
							b.Send(fmt.Sprintf("4%d of %d", n, i))
						}
						for n := range messages {
							b.Expect(fmt.Sprintf("4%d of %d", n, i))
						}
					})
				}
				all.Wait()
				passed := 0
				for _, n := range c.nodes {
					n.mu.Lock()
					for result, times := range n.results {
						if passed += times; !strings.HasSuffix(result, " answered") {
							t.Errorf("%d times %s", times, result)
						}
					}
					if len(n.closes) > 0 {
						t.Errorf("closed: %+v", n.closes)
					}
					n.mu.Unlock()
				}
				if passed == 0 {
					t.Error("nothing was passed on")
				}
			})
		}
	}
}

// atOther opens a session at the second hub, and returns the query of its requests.
func atOther(t testing.TB, c *cluster) (query string) {
	t.Helper()
	a := c.nodes[1].Get("EIO=4&transport=polling")
	_, after, _ := strings.Cut(a.Body, `"sid":"`)
	sid, _, ok := strings.Cut(after, `"`)
	if !ok {
		t.Fatalf("%+v", a)
	}
	return "EIO=4&transport=polling&sid=" + sid
}

const unknownSession = `{"code":1,"message":"Session ID unknown"}`

func TestRelay_WhatTheOtherHubSees(t *testing.T) {
	c := newCluster(t, 2, options{})
	query := atOther(t, c)
	header := http.Header{"X-Forwarded-For": {"6.6.6.6"}, "Forwarded": {"for=6.6.6.6"}, "Hub-Browser": {"https 6.6.6.6"}}
	if a := c.nodes[0].Do(http.MethodPost, query, "4hi", header); a.Status != http.StatusOK || a.Body != "ok" {
		t.Fatalf("%+v", a)
	}
	if a := c.nodes[0].Get(query); a.Body != "4hi" {
		t.Errorf("%+v", a)
	}
	for _, s := range c.nodes[1].senders {
		if s.Address != "127.0.0.1" || s.Secure {
			t.Errorf("%+v", s)
		}
	}
	// What the other hub refuses is refused in its words.
	for _, row := range []struct {
		method, query string
		status        int
		body          string
	}{
		{http.MethodDelete, query, http.StatusMethodNotAllowed, ""},
		{http.MethodGet, strings.Replace(query, "EIO=4", "EIO=3", 1), http.StatusBadRequest, `{"code":5,"message":"Unsupported protocol version"}`},
		{http.MethodGet, strings.Replace(query, "polling", "websocket", 1), http.StatusBadRequest, `{"code":3,"message":"Bad request"}`},
		{http.MethodPost, query + "x", http.StatusBadRequest, unknownSession},
	} {
		if a := c.nodes[0].Do(row.method, row.query, "", nil); a.Status != row.status || a.Body != row.body {
			t.Errorf("%s %s: %+v", row.method, row.query, a)
		}
	}
}

func TestRelay_HubThatIsGone(t *testing.T) {
	c := newCluster(t, 2, options{})
	query := atOther(t, c)
	gone := c.table.All()
	for _, p := range gone {
		if p.ID == c.nodes[1].id {
			p.Alive = false
			c.table.set(p)
		}
	}
	if a := c.nodes[0].Get(query); a.Status != http.StatusBadRequest || a.Body != unknownSession || c.nodes[0].result("get unknown") != 1 {
		t.Errorf("%+v", a)
	}
	for _, p := range gone { // known as alive, and nobody listens
		if p.ID == c.nodes[1].id {
			_ = c.nodes[1].peers.Close()
			c.table.set(p)
		}
	}
	if a := c.nodes[0].Get(query); a.Status != http.StatusBadRequest || a.Body != unknownSession || c.nodes[0].result("get unreachable") != 1 {
		t.Errorf("%+v", a)
	}
}

// A session id of nobody's, or with a key that somebody has made up, leads nowhere.
func TestRelay_MadeUpIDs(t *testing.T) {
	c := newCluster(t, 2, options{})
	for _, sid := range []string{
		strings.Repeat("a", 26), strings.Repeat("a", 20) + "zzzzzz", "..%2F..%2F" + strings.Repeat("a", 16), "127.0.0.1:1aaaaaaaaaaaaaaa",
	} {
		if a := c.nodes[0].Get("EIO=4&transport=polling&sid=" + sid); a.Status != http.StatusBadRequest || a.Body != unknownSession {
			t.Errorf("%s: %+v", sid, a)
		}
	}
	if n := len(c.nodes[1].senders); n > 0 {
		t.Errorf("%d were passed on", n)
	}
}

// Bodies that are too large, or too slow, are refused as they are by the hub itself.
func TestRelay_Bodies(t *testing.T) {
	for at, way := range []string{"passed on", "direct"} {
		c := newCluster(t, 2, options{engine: func(e *engineio.Config) { e.MaxPayload = 100_000 }})
		for name, body := range map[string]string{
			"as large as may be": "4" + strings.Repeat("x", 99_999), "too large": "4" + strings.Repeat("x", 100_000), "far too large": "4" + strings.Repeat("x", 3_000_000),
		} {
			query := atOther(t, c)
			status := http.StatusRequestEntityTooLarge
			if name == "as large as may be" {
				status = http.StatusOK
			}
			if a := c.nodes[at].Post(query, body); a.Status != status {
				t.Errorf("%s, %s: %d", name, way, a.Status)
			}
		}
	}
}
