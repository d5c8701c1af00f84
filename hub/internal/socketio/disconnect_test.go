package socketio

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
)

// Each reason of reference 2.8, with how it comes about over WebSocket.
func TestDisconnect_EachReason(t *testing.T) {
	for name, row := range map[string]struct {
		act    func(*stage, *hubtest.Browser)
		reason string
		code   int
	}{
		"ClientLeaves": {func(_ *stage, b *hubtest.Browser) { b.Send("41") }, "client namespace disconnect", 0},
		"ServerDisconnects": {func(s *stage, b *hubtest.Browser) {
			s.server.Disconnect(nil, "/", everybody, Eviction{})
			b.Expect("41")
		}, "server namespace disconnect", 0},
		"ServerKicks": {func(s *stage, b *hubtest.Browser) {
			s.server.Disconnect(nil, "/", everybody, Eviction{CloseTransport: true})
			b.Expect("41")
			if end := b.WaitEnd(); !end.Told {
				s.t.Errorf("the connection was cut: %+v", end)
			}
		}, "server namespace disconnect", 0},
		"TabCloses":       {func(_ *stage, b *hubtest.Browser) { b.CloseFrame(1001) }, "transport close", 1001},
		"ClosePacket":     {func(_ *stage, b *hubtest.Browser) { b.Send("1") }, "transport close", 0},
		"ConnectionCut":   {func(_ *stage, b *hubtest.Browser) { b.Abort() }, "transport close", 1006},
		"TooLargeMessage": {func(_ *stage, b *hubtest.Browser) { _ = b.TrySend("4" + strings.Repeat("x", 1_000_001)) }, "transport error", 1009},
		"ClientPings":     {func(_ *stage, b *hubtest.Browser) { b.Send("2") }, "transport error", 0},
		"EnginePacket":    {func(_ *stage, b *hubtest.Browser) { b.Send("x") }, "parse error", 0},
		"SocketPacket":    {func(_ *stage, b *hubtest.Browser) { b.Send("4x") }, "forced close", 0},
		"State":           {func(_ *stage, b *hubtest.Browser) { b.Send("40") }, "forced server close", 0},
		"ShutDown": {func(s *stage, _ *hubtest.Browser) {
			if err := s.engine.Close(s.t.Context()); err != nil {
				s.t.Error(err)
			}
			if err := s.server.Wait(s.t.Context()); err != nil {
				s.t.Error(err)
			}
		}, "server shutting down", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := play(t, Config{})
			b := s.join("/")
			socket := s.socket("/")
			s.server.UpdateRooms("/", everybody, []string{"b", "a"}, nil)
			row.act(s, b)
			s.heard("disconnected / " + row.reason)
			if end := socket.ending(); end.CloseCode != row.code {
				t.Errorf("close code %d, want %d (%q)", end.CloseCode, row.code, end.Detail)
			} else if len(end.Rooms) != 2 || end.Rooms[0] != "a" {
				t.Errorf("rooms %q", end.Rooms)
			}
			if socket.Connected() || len(socket.Rooms()) != 0 || s.server.Count("/", everybody) != 0 {
				t.Error("it is still there")
			}
			s.silent()
		})
	}
}

func TestDisconnect_PingTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(t, Config{})
		s.http.Timeout = time.Hour
		b := s.http.Open(hubtest.Options{Transport: hubtest.WebSocket, Pings: true})
		s.enter(b, "/")
		b.Expect("2")
		b.WaitEnd()
		s.heard("disconnected / ping timeout")
	})
}

func TestDisconnect_KickLeavesEveryNamespaceOfTheConnection(t *testing.T) {
	s := play(t, Config{})
	b := s.join("/", "/chat")
	var asked *Attempt
	s.connect = func(a *Attempt) { asked = a }
	b.Send("40/asked")
	s.heard("connect /asked ")
	s.server.Disconnect(nil, "/chat", everybody, Eviction{CloseTransport: true})
	b.Expect("41/chat,", "41")
	s.heard("disconnected /chat "+ReasonServerNamespaceDisconnect, "disconnected / "+ReasonServerNamespaceDisconnect)
	b.WaitEnd()
	eventually(t, "the attempt has lost its browser", asked.Gone)
}

func TestDisconnect_OnceForASocketThatIsEndedTwice(t *testing.T) {
	s := play(t, Config{})
	s.joined = func(socket *Socket) { // inside the gate: both ends are left there
		s.server.Disconnect(nil, "/", to(socket.ID()), Eviction{})
		s.server.Disconnect(nil, "/", to(socket.ID()), Eviction{CloseTransport: true})
		socket.client.HandleClose(engineio.Close{Reason: engineio.ReasonTransportClose})
	}
	b := s.open()
	b.Send("40")
	s.heard("connect / ", "connected /", "disconnected / "+ReasonServerNamespaceDisconnect)
	s.silent()
}

func TestDisconnect_NothingFollowsTheDisconnectPacket(t *testing.T) {
	s := play(t, Config{})
	b := s.join("/", "/other")
	var batch engineio.Batch
	s.server.Disconnect(&batch, "/", everybody, Eviction{})
	if o := s.server.Emit(&batch, "/", to(s.socket("/").ID()), msg("late")); o.Matched != 0 {
		t.Fatalf("%+v", o)
	}
	if s.socket("/").send(&batch, nil, flags{}) {
		t.Fatal("sent after the end")
	}
	batch.Flush()
	s.server.Emit(nil, "/other", everybody, msg("next"))
	b.Expect("41", `42/other,["next"]`)
}
