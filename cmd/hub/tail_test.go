package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

type attachWire = grpc.BidiStreamingServer[hubv1.AttachRequest, hubv1.AttachResponse]

// fakeAttach answers Attach with the script of a fakeHub.
type fakeAttach struct {
	hubv1.UnimplementedAttachServiceServer
	f *fakeHub
}

// Attach implements hubv1.AttachServiceServer.
func (a fakeAttach) Attach(wire attachWire) error {
	if a.f.err != nil || a.f.attach == nil {
		return a.f.err
	}
	return a.f.attach(wire)
}

// script welcomes an observer, sends observations, the last one once there was a
// heartbeat, and waits until the observer leaves.
func script(hello *hubv1.Hello, observations ...*hubv1.Observation) func(attachWire) error {
	return func(wire attachWire) error {
		first, err := wire.Recv()
		if err != nil {
			return err
		}
		proto.Merge(hello, first.GetActions()[0].GetHello())
		items := []*hubv1.Item{{Kind: &hubv1.Item_Welcome{Welcome: &hubv1.Welcome{
			HeartbeatInterval: durationpb.New(10 * time.Millisecond),
			Subscriptions:     []*hubv1.SubscriptionResult{{Effective: hello.GetSubscriptions()[0]}},
		}}}}
		for _, o := range observations {
			items = append(items, &hubv1.Item{Kind: &hubv1.Item_Observation{Observation: o}})
		}
		last := len(items) - 1
		if err := wire.Send(&hubv1.AttachResponse{Items: items[:last]}); err != nil {
			return err
		}
		for beat := false; ; {
			r, err := wire.Recv()
			if errors.Is(err, io.EOF) {
				return nil
			} else if err != nil {
				return err
			}
			if r.GetActions()[0].GetHeartbeat() == nil || beat {
				continue
			}
			beat = true
			if err := wire.Send(&hubv1.AttachResponse{Items: items[last:]}); err != nil {
				return err
			}
		}
	}
}

// examples are one observation of each kind.
func examples() []*hubv1.Observation {
	at := timestamppb.New(time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.Local))
	ann := &hubv1.Socket{Id: "s1", Namespace: "/chat", User: "ann", Transport: "websocket"}
	of := func(kind hubv1.Kind, o *hubv1.Observation) *hubv1.Observation {
		o.Kind, o.Time, o.SubscriptionId = kind, at, 1
		return o
	}
	return []*hubv1.Observation{
		of(hubv1.Kind_KIND_DECISIONS, &hubv1.Observation{Socket: ann, Body: &hubv1.Observation_Decision{Decision: &hubv1.Decision{
			Outcome: "deny", Group: "chat", By: "service", Message: "not you",
		}}}),
		of(hubv1.Kind_KIND_CONNECTED, &hubv1.Observation{Socket: ann, Body: &hubv1.Observation_Connected{Connected: &hubv1.Connected{
			Handshake: &hubv1.Handshake{RemoteAddress: "203.0.113.7"},
		}}}),
		of(hubv1.Kind_KIND_EVENT, &hubv1.Observation{Socket: ann, Gap: 12, Body: &hubv1.Observation_Event{Event: &hubv1.Event{
			Name: "mess\x1bage", WantsAck: true,
		}}}),
		of(hubv1.Kind_KIND_EVENT, &hubv1.Observation{Socket: ann, Body: &hubv1.Observation_Event{Event: &hubv1.Event{
			Name: "message", Payload: &hubv1.Payload{Args: []byte(`["<é>",9007199254740993]`), Attachments: [][]byte{{1, 2}}},
		}}}),
		of(hubv1.Kind_KIND_EMITS, &hubv1.Observation{Body: &hubv1.Observation_Emitted{Emitted: &hubv1.Emitted{
			Emit:  &hubv1.Emit{Target: &hubv1.Target{Namespace: "/chat", Rooms: []string{"a", "b"}}, Event: "notice"},
			Group: "cron", MatchedCount: 3, QueuedCount: 2, DroppedCount: 1,
		}}}),
		of(hubv1.Kind_KIND_DROPS, &hubv1.Observation{Socket: ann, Body: &hubv1.Observation_Dropped{Dropped: &hubv1.Dropped{
			Kind: hubv1.Kind_KIND_EVENT, Reason: "expired", Event: "message", Group: "chat",
		}}}),
		of(hubv1.Kind_KIND_FAILED_CONNECTS, &hubv1.Observation{Body: &hubv1.Observation_FailedConnect{FailedConnect: &hubv1.FailedConnect{
			Code: 3, Reason: "origin", Origin: "https://evil.example", RemoteAddress: "203.0.113.9",
		}}}),
		of(hubv1.Kind_KIND_DISCONNECTED, &hubv1.Observation{Socket: ann, Body: &hubv1.Observation_Disconnected{Disconnected: &hubv1.Disconnected{
			Reason: "transport close", Detail: "authorization expired",
		}}}),
		{Gap: 5},
	}
}

// tailed runs `hub tail` until it has printed so many lines, and gives them.
func tailed(t *testing.T, count int, args ...string) []string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := newLines()
	var errs bytes.Buffer
	done := make(chan error, 1)
	go func() { done <- run(ctx, append([]string{"tail"}, args...), out, &errs) }()
	out.count(t, count)
	cancel() // as Ctrl-C does
	select {
	case err := <-done:
		if err != nil {
			t.Fatalf("%v\n%s", err, errs.String())
		}
	case <-time.After(patience):
		t.Fatal("it does not end")
	}
	return strings.Split(strings.TrimSuffix(out.text(), "\n"), "\n")
}

// count waits for so many lines.
func (l *lines) count(t *testing.T, n int) {
	t.Helper()
	timeout := time.After(patience)
	for {
		l.mu.Lock()
		have, change := bytes.Count(l.all.Bytes(), []byte("\n")), l.change
		l.mu.Unlock()
		if have >= n {
			return
		}
		select {
		case <-change:
		case <-timeout:
			t.Fatalf("%d lines, want %d:\n%s", have, n, l.text())
		}
	}
}

func TestTail_PrintsOneLineForEachObservation(t *testing.T) {
	var hello hubv1.Hello
	f := &fakeHub{attach: script(&hello, examples()...)}
	got := tailed(t, 9, "--hub", f.serve(t), "-n", "/chat", "--user", "ann", "--room", "r,1", "--socket", "s1", "--event", "m*",
		"--payloads", "--sample", "3")
	want := []string{
		"03:04:05.006  decisions       /chat  s1                    ann  deny, by service chat, not you",
		"03:04:05.006  connected       /chat  s1                    ann  websocket, from 203.0.113.7",
		"03:04:05.006  event           /chat  s1                    ann  mess\ufffdage, wants ack  (12 left out before)",
		"03:04:05.006  event           /chat  s1                    ann  message, 27 bytes, 1 attachments, [\"<é>\",9007199254740993]",
		"03:04:05.006  emits           /chat  -                     -  notice, by cron, to room a,b, matched 3, queued 2, dropped 1",
		"03:04:05.006  drops           /chat  s1                    ann  event expired, event message, for chat",
		"03:04:05.006  failed_connects -  -                     -  origin, code 3, from 203.0.113.9, origin https://evil.example",
		"03:04:05.006  disconnected    /chat  s1                    ann  transport close, authorization expired",
		"--:--:--.---  gap             5 left out before",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	asked := &hubv1.Subscription{
		Role: hubv1.Role_ROLE_OBSERVER, Id: 1, Namespace: "/chat", Events: []string{"m*"}, Rooms: []string{"r,1"}, Users: []string{"ann"},
		Sockets: []string{"s1"}, Payloads: true, Sample: 3, Handshake: hubv1.HandshakeDetail_HANDSHAKE_DETAIL_REDACTED,
		Kinds: []hubv1.Kind{
			hubv1.Kind_KIND_CONNECTED, hubv1.Kind_KIND_EVENT, hubv1.Kind_KIND_DISCONNECTED, hubv1.Kind_KIND_DECISIONS,
			hubv1.Kind_KIND_EMITS, hubv1.Kind_KIND_FAILED_CONNECTS, hubv1.Kind_KIND_DROPS,
		},
	}
	if diff := cmp.Diff([]*hubv1.Subscription{asked}, hello.GetSubscriptions(), protocmp.Transform()); diff != "" || hello.GetGroup() != "hub-tail" {
		t.Errorf("hello of %s: %s", hello.GetGroup(), diff)
	}
}

func TestTail_JSONLinesForPrograms(t *testing.T) {
	var hello hubv1.Hello
	f := &fakeHub{attach: script(&hello, examples()...)}
	got := tailed(t, 9, "--hub", f.serve(t), "-o", "json", "--kinds", "event,emits", "--kinds", "event")
	for _, line := range got {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
	for i, want := range map[int]string{
		3: `"event":"message","payload":{"bytes":27,"args":["<é>",9007199254740993],"attachment_bytes":[2]}}`,
		4: `"emit":{"rooms":["a","b"],"matched":3,"queued":2,"dropped":1}}`,
		6: `"reason":"origin","origin":"https://evil.example","code":3}`,
	} {
		if !strings.HasSuffix(got[i], want) {
			t.Errorf("line %d: %s", i, got[i])
		}
	}
	if k := hello.GetSubscriptions()[0].GetKinds(); len(k) != 2 || hello.GetSubscriptions()[0].GetPayloads() {
		t.Errorf("kinds %v, payloads %v", k, hello.GetSubscriptions()[0].GetPayloads())
	}
}

func TestTail_TellsWhyItEnds(t *testing.T) {
	refuse := func(s *hubv1.Status) func(attachWire) error {
		return func(wire attachWire) error {
			return wire.Send(&hubv1.AttachResponse{Items: []*hubv1.Item{{Kind: &hubv1.Item_Welcome{Welcome: &hubv1.Welcome{
				Subscriptions: []*hubv1.SubscriptionResult{{Status: s}},
			}}}}})
		}
	}
	ended := func(s *hubv1.Status) func(attachWire) error {
		return func(wire attachWire) error {
			welcome := &hubv1.Item{Kind: &hubv1.Item_Welcome{Welcome: &hubv1.Welcome{}}}
			end := &hubv1.Item{Kind: &hubv1.Item_Ended{Ended: &hubv1.Ended{Status: s}}}
			return wire.Send(&hubv1.AttachResponse{Items: []*hubv1.Item{welcome, end}})
		}
	}
	silent := func(wire attachWire) error { <-wire.Context().Done(); return nil }
	for name, tt := range map[string]struct {
		attach func(attachWire) error
		want   string
	}{
		"not permitted": {refuse(&hubv1.Status{Code: hubv1.Code_CODE_PERMISSION_DENIED, Message: "not /chat"}), "not /chat; `identities`"},
		"wrong":         {refuse(&hubv1.Status{Code: hubv1.Code_CODE_INVALID_ARGUMENT, Field: "namespace", Message: "is bad"}), "namespace: is bad"},
		"shutdown":      {ended(&hubv1.Status{Code: hubv1.Code_CODE_UNAVAILABLE, Reason: "SHUTDOWN", Message: "the hub is closing"}), "the hub is closing"},
		"no reason":     {ended(nil), "the hub ended the stream"},
		"no welcome":    {silent, "did not answer within 300ms"},
	} {
		f := &fakeHub{attach: tt.attach}
		timeout := patience
		if name == "no welcome" {
			timeout = 300 * time.Millisecond
		}
		_, errs, code := execute(t, "tail", "--hub", f.serve(t), "--timeout", timeout.String())
		if last := errs[strings.LastIndex(strings.TrimSpace(errs), "\n")+1:]; code != 1 || !strings.Contains(last, tt.want) {
			t.Errorf("%s: exit %d: %s", name, code, errs)
		}
	}
}
