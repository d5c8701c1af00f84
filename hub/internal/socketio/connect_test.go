package socketio

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
)

func TestConnect_EachNamespaceHasAnIDOfItsOwn(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, road hubtest.Transport) {
		s := play(t, Config{})
		b := s.http.Open(hubtest.Options{Transport: road})
		b.Send("40")
		main := b.Next()
		s.heard("connect / ", "connected /")
		b.Send(`40/chat,{"token":"a\u0062<"}`)
		chat := b.Next()
		s.heard(`connect /chat {"token":"a\u0062<"}`, "connected /chat")
		if want := `40{"sid":"` + s.socket("/").ID() + `"}`; main != want {
			t.Fatalf("got %s, want %s", main, want)
		}
		if want := `40/chat,{"sid":"` + s.socket("/chat").ID() + `"}`; chat != want {
			t.Fatalf("got %s, want %s", chat, want)
		}
		ids := map[string]bool{b.SID(): true, s.socket("/").ID(): true, s.socket("/chat").ID(): true}
		if len(ids) != 3 || len(s.socket("/").ID()) != 20 {
			t.Fatalf("ids %v", ids)
		}
	})
}

func TestConnect_ConnectPacketComesBeforeWhatAnybodyEmits(t *testing.T) {
	s := play(t, Config{})
	emit := func(b *engineio.Batch, socket *Socket, event string) {
		s.server.Emit(b, "/", to(socket.ID(), "room"), cluster.Message{Event: event})
	}
	s.connect = func(a *Attempt) {
		err := a.Accept(Acceptance{Rooms: []string{"room"}, User: "ann", Data: []byte(`{"a":1}`), Then: func(socket *Socket, b *engineio.Batch) {
			emit(b, socket, "then")
		}})
		if err != nil {
			t.Error(err)
		}
		emit(nil, &Socket{id: a.SocketID()}, "too early: nobody is there")
	}
	s.joined = func(socket *Socket) { emit(nil, socket, "joined") }
	b := s.open()
	b.Send(`40`)
	if got := b.Next(); !strings.HasPrefix(got, "40{") {
		t.Fatal(got)
	}
	b.Expect(`42["then"]`, `42["joined"]`)
	s.heard("connect / ", "connected /")
	socket := s.socket("/")
	if data, version := socket.Data(); string(data) != `{"a":1}` || version != 1 || socket.User() != "ann" {
		t.Fatalf("data %s, version %d, user %q", data, version, socket.User())
	}
	if rooms := socket.Rooms(); len(rooms) != 1 || rooms[0] != "room" {
		t.Fatalf("rooms %q", rooms)
	}
	if n := s.server.Count("/", cluster.Target{Users: []string{"ann"}}); n != 1 {
		t.Fatalf("%d sockets of the user", n)
	}
}

func TestConnect_DeniedLeavesDataOutOrSendsIt(t *testing.T) {
	s := play(t, Config{})
	data := ""
	s.connect = func(a *Attempt) {
		if err := a.Deny("no \"way\"\n<&>", []byte(data)); err != nil {
			t.Error(err)
		}
		if err := a.Accept(Acceptance{}); !errors.Is(err, ErrAnswered) {
			t.Errorf("second answer: %v", err)
		}
	}
	b := s.open()
	b.Send("40/chat")
	b.Expect(`44/chat,{"message":"no \"way\"\n<&>"}`)
	s.heard("connect /chat ")
	data = `{"code":1,"x":[null]}`
	b.Send("40") // and a denied browser may try again
	b.Expect(`44{"message":"no \"way\"\n<&>","data":{"code":1,"x":[null]}}`)
	s.heard("connect / ")
	s.connect = nil
	s.enter(b, "/chat")
}

func TestConnect_UnknownNamespaceKeepsTheSession(t *testing.T) {
	var refused []string
	s := play(t, Config{Trace: &Trace{ConnectRefused: func(namespace, why string) { refused = append(refused, namespace+why) }}})
	b := s.open()
	b.Send("40/unknown")
	b.Expect(`44/unknown,{"message":"Invalid namespace"}`)
	b.Send("40/" + strings.Repeat("é", 32<<10) + ",{}")
	got := b.Next()
	if len(got) > 200 || !strings.HasPrefix(got, "44/éé") || !strings.HasSuffix(got, `...,{"message":"Invalid namespace"}`) {
		t.Fatalf("got %q", got)
	}
	b.Send("40/a\x1e41,{}")
	b.Expect(`44/a,{"message":"Invalid namespace"}`)
	s.enter(b, "/")
	if len(refused) != 3 || refused[0] != RefusedUnknown {
		t.Fatalf("traced %q", refused)
	}
}

func TestConnect_AnyOtherNamespaceIsAskedFor(t *testing.T) {
	s := play(t, Config{})
	b := s.open()
	for _, name := range []string{"/../", "/\x00", "/<b>", "/(.*)", "/é?a=b", "/__proto__", "/" + strings.Repeat("n", 255)} {
		s.enter(b, name)
	}
}

func TestConnect_TooManyNamespacesAreRefused(t *testing.T) {
	s := play(t, Config{Limits: Limits{Namespaces: 2}})
	b := s.join("/a", "/b")
	b.Send("40/c")
	b.Expect(`44/c,{"message":"Too many namespaces"}`)
	b.Send("41/a")
	s.heard("disconnected /a " + ReasonClientNamespaceDisconnect)
	s.enter(b, "/c")
}

// invalid are the states of reference 2.2: each ends the whole connection.
var invalid = map[string]struct {
	packets []string
	reason  string
}{
	"SecondConnectToJoined":       {[]string{"40/joined"}, ReasonForcedServerClose},
	"SecondConnectWhileAsked":     {[]string{"40/asked"}, ReasonForcedServerClose},
	"EventForNotJoined":           {[]string{`42/other,["a"]`}, ReasonForcedServerClose},
	"EventForMain":                {[]string{`42["a"]`}, ReasonForcedServerClose},
	"AckForNotJoined":             {[]string{`43/other,1[]`}, ReasonForcedServerClose},
	"DisconnectForNotJoined":      {[]string{`41/other`}, ReasonForcedServerClose},
	"EventAfterDisconnect":        {[]string{`41/joined`, `42/joined,["a"]`}, ""},
	"ConnectErrorFromClient":      {[]string{`44{"message":"x"}`}, ReasonForcedServerClose},
	"UnknownType":                 {[]string{`4abc`}, "forced close"},
	"EmptyMessage":                {[]string{`4`}, "forced close"},
	"PayloadNotAnArray":           {[]string{`42/joined,{}`}, "forced close"},
	"ConnectWithString":           {[]string{`40/new,"x"`}, "forced close"},
	"ReservedName":                {[]string{`42/joined,["connec\u0074"]`}, "forced close"},
	"BinaryNobodyAnnounced":       {[]string{hubtest.Binary([]byte("x"))}, "forced close"},
	"TextWhileAttachmentsAwaited": {[]string{`451-/joined,["a",{"_placeholder":true,"num":0}]`, `42/joined,["b"]`}, "forced close"},
	"OneAttachmentTooMany":        {[]string{`451-/joined,["a",{"_placeholder":true,"num":0}]`, hubtest.Binary(nil), hubtest.Binary(nil)}, "forced close"},
	"TooManyAttachments":          {[]string{`411-/joined,["a"]`, `4511-/joined,["a"]`}, "forced close"},
	"HugeAckID":                   {[]string{`42/joined,` + strings.Repeat("9", 400) + `["a"]`}, "forced close"},
}

func TestInvalidState(t *testing.T) {
	for name, row := range invalid {
		t.Run(name, func(t *testing.T) {
			hubtest.Each(t, func(t *testing.T, road hubtest.Transport) {
				s := play(t, Config{})
				b := s.http.Open(hubtest.Options{Transport: road})
				s.enter(b, "/joined")
				var asked *Attempt
				s.connect = func(a *Attempt) { asked = a }
				b.Send("40/asked")
				s.heard("connect /asked ")
				for _, packet := range row.packets {
					_ = b.TrySend(packet) // the session may be over already
				}
				switch name {
				case "EventAfterDisconnect":
					s.heard("disconnected /joined " + ReasonClientNamespaceDisconnect)
				case "OneAttachmentTooMany":
					s.heard(`event /joined a[{"_placeholder":true,"num":0}] 1`, "disconnected /joined "+row.reason)
				default:
					s.heard("disconnected /joined " + row.reason)
				}
				b.WaitEnd()
				eventually(t, "the attempt has lost its browser", asked.Gone)
				if err := asked.Accept(Acceptance{}); !errors.Is(err, ErrGone) {
					t.Fatalf("accept: %v", err)
				}
				s.silent()
				bystander := s.open()
				s.connect = nil
				s.enter(bystander, "/joined")
			})
		})
	}
}

func TestConnect_UndecidedClosesASessionThatJoinedNothing(t *testing.T) {
	s := play(t, Config{})
	s.connect = func(a *Attempt) {
		if err := a.Undecided(); err != nil {
			t.Error(err)
		}
	}
	b := s.open()
	b.Send("40")
	s.heard("connect / ")
	if end := b.WaitEnd(); !end.Told {
		t.Fatalf("the session was cut: %+v", end)
	}
}

// A refusal would be final for the browser's client, whatever its words.
func TestConnect_UndecidedIsNoRefusalWhereSomethingElseIsJoined(t *testing.T) {
	s := play(t, Config{})
	b := s.join("/")
	s.connect = func(a *Attempt) {
		if err := a.Undecided(); err != nil {
			t.Error(err)
		}
	}
	b.Send("40/chat")
	s.heard("connect /chat ", "disconnected / "+ReasonForcedServerClose)
	b.WaitEnd()
}

// Some clients do not wait for the answer: what they send early is acted on once they are in.
func TestConnect_WhatIsSentBeforeTheAnswerIsKept(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, road hubtest.Transport) {
		s := play(t, Config{})
		b := s.http.Open(hubtest.Options{Transport: road})
		asked := make(chan *Attempt, 1)
		s.connect = func(a *Attempt) { asked <- a }
		b.Send("40/slow,")
		s.heard("connect /slow ")
		b.Send(`42/slow,["one"]`, `451-/slow,["two",{"_placeholder":true,"num":0}]`, hubtest.Binary([]byte("x")), `42/slow,7["three"]`)
		s.silent()
		if err := (<-asked).Accept(Acceptance{}); err != nil {
			t.Fatal(err)
		}
		s.heard("connected /slow", "event /slow one[] 0", `event /slow two[{"_placeholder":true,"num":0}] 1`, "event /slow three[] 0")
		b.Next()
		if s.server.admission.bytes != 0 {
			t.Errorf("%d bytes are left", s.server.admission.bytes)
		}
	})
}

func TestConnect_WhatIsSentBeforeARefusalGoesWithIt(t *testing.T) {
	s := play(t, Config{})
	b := s.open()
	asked := make(chan *Attempt, 1)
	s.connect = func(a *Attempt) { asked <- a }
	b.Send("40/slow,", `42/slow,["one"]`)
	s.heard("connect /slow ")
	if err := (<-asked).Deny("no", nil); err != nil {
		t.Fatal(err)
	}
	b.Expect(`44/slow,{"message":"no"}`)
	s.silent()
	if s.server.admission.bytes != 0 {
		t.Errorf("%d bytes are left", s.server.admission.bytes)
	}
}

func TestConnect_AnswerForAGoneBrowserReachesNobody(t *testing.T) {
	s := play(t, Config{})
	attempts := make(chan *Attempt, 1)
	s.connect = func(a *Attempt) { attempts <- a }
	b := s.open()
	b.Send("40")
	a := <-attempts
	b.Abort()
	eventually(t, "the attempt has lost its browser", a.Gone)
	for name, err := range map[string]error{
		"accept":    a.Accept(Acceptance{Then: func(*Socket, *engineio.Batch) { t.Error("Then ran") }}),
		"deny":      a.Deny("x", nil),
		"undecided": a.Undecided(),
	} {
		if !errors.Is(err, ErrGone) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.heard("connect / ")
	s.silent()
	if n := s.server.Attempts(); n != 0 {
		t.Fatalf("%d attempts left", n)
	}
	if counts := s.server.Sockets(); len(counts) != 0 {
		t.Fatalf("sockets left: %v", counts)
	}
}

func TestConnectTimeout_ClosesWhoJoinsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kinds []string
		s := play(t, Config{Trace: &Trace{BadPacket: func(kind string) { kinds = append(kinds, kind) }}})
		s.http.Timeout = time.Minute
		s.connect = func(a *Attempt) { _ = a.Deny("no", nil) } // which does not count as joining
		start := time.Now()
		b := s.open()
		b.Send("40")
		b.Expect(`44{"message":"no"}`)
		s.heard("connect / ")
		b.WaitEnd()
		if took := time.Since(start); took != 45*time.Second {
			t.Fatalf("closed after %v", took)
		}
		if len(kinds) != 1 || kinds[0] != "timeout" {
			t.Fatalf("traced %q", kinds)
		}
	})
}

func TestConnectTimeout_IsOverWithTheFirstJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(t, Config{})
		b := s.join("/")
		b.Send("41")
		s.heard("disconnected / " + ReasonClientNamespaceDisconnect)
		b.Quiet(2 * time.Minute)
		s.enter(b, "/chat")
	})
}

// What comes with an acceptance waits behind CONNECT, and may be as large as any event.
func TestConnect_LargeFirstEventFollowsConnect(t *testing.T) {
	s := play(t, Config{})
	history := `["` + strings.Repeat("x", 2<<20) + `"]`
	s.connect = func(a *Attempt) {
		if err := a.Accept(Acceptance{Then: func(socket *Socket, b *engineio.Batch) {
			m := cluster.Message{Event: "history", Args: []byte(history)}
			if o := s.server.Emit(b, "/", to(socket.ID()), m); o.Queued != 1 {
				t.Errorf("%+v", o)
			}
		}}); err != nil {
			t.Error(err)
		}
	}
	b := s.open()
	b.Send("40")
	if got := b.Next(); !strings.HasPrefix(got, `40{"sid":"`) {
		t.Fatalf("got %q", got)
	}
	b.Expect(`42["history",` + history[1:])
}

// Who may not come in yet must not fill the memory while nobody decides: who comes when there is no room waits for
// its turn, and is not sent away.
func TestConnect_UndecidedAttemptsAreBounded(t *testing.T) {
	for name, limits := range map[string]Limits{
		"bytes":  {UndecidedBytes: 3 * attemptBytes},
		"number": {Undecided: 1, UndecidedBytes: 1 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			s := play(t, Config{Limits: limits})
			attempts := make(chan *Attempt, 3)
			s.connect = func(a *Attempt) { attempts <- a }
			large := `{"token":"` + strings.Repeat("x", 3*attemptBytes) + `"}`

			first := s.open()
			first.Send("40" + large) // one always fits
			s.heard("connect / " + large)
			second, third := s.open(), s.open()
			second.Send("40{}")
			eventually(t, "the second waits", func() bool { return s.server.Attempts() == 2 })
			third.Send("40{}")
			eventually(t, "the third waits", func() bool { return s.server.Attempts() == 3 })
			s.silent()

			gone := <-attempts
			first.Abort()
			eventually(t, "what the browser brought goes with it", func() bool { return gone.Gone() && gone.Auth() == nil })
			s.heard("connect / {}")
			if name == "number" {
				if err := (<-attempts).Deny("no", nil); err != nil {
					t.Error(err)
				}
				second.Expect(`44{"message":"no"}`)
			}
			s.heard("connect / {}")
			(<-attempts).Deny("no", nil)
			if name == "bytes" {
				(<-attempts).Deny("no", nil)
				second.Expect(`44{"message":"no"}`)
			}
			third.Expect(`44{"message":"no"}`)
			eventually(t, "nothing is left", func() bool { return s.server.Attempts() == 0 && s.server.admission.bytes == 0 })
		})
	}
}

// Those that wait are let in one after the other, also where each is answered at once, and at most one goroutine is
// kept by that.
func TestConnect_ManyThatWaitAreLetInWithoutEnd(t *testing.T) {
	s := play(t, Config{Limits: Limits{Undecided: 1}})
	first := make(chan *Attempt, 1)
	s.connect = func(a *Attempt) { first <- a }
	holder := s.open()
	holder.Send("40")
	s.heard("connect / ")
	const waiting = 50
	for range waiting {
		b := s.open()
		b.Send("40")
		t.Cleanup(b.Abort)
	}
	eventually(t, "all wait", func() bool { return s.server.Attempts() == 1+waiting })
	open := <-first
	s.connect = nil // the others are accepted at once
	if err := open.Accept(Acceptance{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all are in", func() bool { return s.server.Count("/", everybody) == 1+waiting && s.server.Attempts() == 0 })
}

// A second CONNECT is an invalid state also while the first one waits for its turn; and the connect timeout stands
// still for whoever waits, whatever becomes of others.
func TestConnect_WhoWaitsHasReservedItsNamespace(t *testing.T) {
	s := play(t, Config{Limits: Limits{Undecided: 1}, ConnectTimeout: time.Second})
	asked := make(chan *Attempt, 2)
	s.connect = func(a *Attempt) { asked <- a }
	holder, b := s.open(), s.open()
	holder.Send("40")
	s.heard("connect / ")
	b.Send("40/x,")
	eventually(t, "it waits", func() bool { return s.server.Attempts() == 2 })
	<-asked
	s.server.admission.mu.Lock()
	waits := s.server.admission.shares["/x"].waiting.Front().Value.(*applicant).client
	s.server.admission.mu.Unlock()
	waits.gate.post(waits.answered) // as when it is denied another namespace
	b.Quiet(1500 * time.Millisecond)
	holder.Abort()
	s.heard("connect /x ")
	if err := (<-asked).Accept(Acceptance{}); err != nil {
		t.Fatal(err)
	}
	s.heard("connected /x")
}
