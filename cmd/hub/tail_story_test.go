package main

import (
	"bytes"
	"context"
	"testing"
	"time"
)

// One user is watched at a real hub, from the decision to the end.
func TestStory_TailFollowsAUser(t *testing.T) {
	p := start(t, with("demo")...)
	at := p.ready()
	attached(t, p, at, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, errs := newLines(), newLines()
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, []string{"tail", "--hub", at.services, "-n", "/chat", "--user", "Ann", "--payloads"}, out, errs)
	}()
	tailing := &process{t: t, output: out}
	(&process{t: t, output: errs}).find(`^watching /chat at `)
	bob := openTab(t, at, `40/chat,{"name":"Bob"}`)
	bob.reads(`40/chat,{"sid":"`)
	ann := openTab(t, at, `40/chat,{"name":"Ann"}`)
	ann.reads(`40/chat,{"sid":"`)
	tailing.find(`connected +/chat  \S+  Ann  `)
	ann.exchange(`42/chat,["message","hello"]`)
	tailing.find(`event +/chat  \S+  Ann  message, 9 bytes, \["hello"\]`)
	if _, errs, code := execute(t, "emit", "--hub", at.services, "-n", "/chat", "--user", "Ann", "notice", "1"); code != 0 {
		t.Fatal(errs)
	}
	tailing.find(`emits +/chat  -  .*notice, to user Ann, matched 1`)
	ann.exchange("41/chat,")
	tailing.find(`disconnected +/chat  \S+  Ann  client namespace disconnect`)
	if bytes.Contains([]byte(out.text()), []byte("Bob")) {
		t.Errorf("another user is shown:\n%s", out.text())
	}
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Error("it does not end")
	}
}
