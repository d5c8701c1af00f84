package redis

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// node is a Node server of the cluster, see testdata/node.mjs.
type node struct {
	t       testing.TB
	in      io.Writer
	replies chan reply
	id      atomic.Int64
}

type reply struct {
	ID    int64           `json:"id"`
	Value json.RawMessage `json:"value"`
	Error string          `json:"error"`
}

// newNode starts a Node server.
func newNode(t testing.TB, engine string, s *server, more ...string) *node {
	t.Helper()
	program := need(t, "node", "apt-get install nodejs")
	modules, _ := filepath.Abs("../../../node_modules/@socket.io/redis-adapter")
	if _, err := os.Stat(modules); err != nil {
		if required() {
			t.Fatal("packages from npm are missing: npm ci")
		}
		t.Skip("packages from npm are missing: npm ci")
	}
	n := &node{t: t, replies: make(chan reply, 16)}
	process := exec.Command(program, append([]string{"testdata/node.mjs", engine, s.url()}, more...)...)
	process.Stderr = os.Stderr
	in, err := process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	n.in = in
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(n.replies)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 64<<20)
		for lines.Scan() {
			var r reply
			if json.Unmarshal(lines.Bytes(), &r) == nil {
				n.replies <- r
			}
		}
	}()
	t.Cleanup(func() {
		_ = process.Process.Kill()
		for range n.replies { // so that its reader ends
		}
		<-done
		_ = process.Wait()
	})
	n.wait(0, "start")
	return n
}

func (n *node) wait(id int64, what string) reply {
	n.t.Helper()
	for {
		select {
		case r, ok := <-n.replies:
			if !ok {
				n.t.Fatal("the Node server has ended")
			}
			if r.ID == id {
				return r
			}
		case <-time.After(patience):
			n.t.Fatal("the Node server does not answer: " + what)
		}
	}
}

// run runs the body of a function there, and returns what it returns as JSON.
func (n *node) run(js string) string {
	n.t.Helper()
	value, fault := n.try(js)
	if fault != "" {
		n.t.Fatalf("%s: %s", js, fault)
	}
	return value
}

// try is as run, and returns what it throws.
func (n *node) try(js string) (value, fault string) {
	n.t.Helper()
	id := n.id.Add(1)
	line, _ := json.Marshal(map[string]any{"id": id, "js": js})
	if _, err := n.in.Write(append(line, '\n')); err != nil {
		n.t.Fatal(err)
	}
	r := n.wait(id, js)
	return string(r.Value), r.Error
}

// heard waits until a client has heard what is expected, as JSON, and forgets it.
func (n *node) heard(client, want string) {
	n.t.Helper()
	got := ""
	eventuallyOr(n.t, client+" hears "+want[:min(len(want), 200)], func() string { return got[:min(len(got), 500)] }, func() bool {
		got = n.run("return clients." + client + ".heard")
		return got == want
	})
	n.run("clients." + client + ".heard.length = 0")
}
