package socketio

import (
	"testing"
)

// Without a DISCONNECT packet clients take the end for a lost transport, and come back.
func TestDisconnect_MayReturnClosesTheTransportAlone(t *testing.T) {
	s := play(t, Config{})
	b := s.join("/", "/chat")
	bystander := s.join("/")
	s.server.Emit(nil, "/chat", everybody, msg("before"))
	first := s.socket("/chat")
	if o := s.server.Disconnect(nil, "/chat", everybody, Eviction{MayReturn: true, Detail: "revoked"}); o != (Outcome{Matched: 1, Queued: 1}) {
		t.Errorf("%+v", o)
	}
	b.Expect(`42/chat,["before"]`)
	if end := b.WaitEnd(); !end.Told {
		t.Errorf("the connection was cut: %+v", end)
	}
	s.heardInAnyOrder("disconnected / "+ReasonForcedServerClose, "disconnected /chat "+ReasonForcedServerClose)
	if end := first.ending(); end.Detail != "revoked" {
		t.Errorf("%+v", end)
	}
	if o := s.server.Disconnect(nil, "/chat", everybody, Eviction{MayReturn: true}); o != (Outcome{}) {
		t.Errorf("again: %+v", o)
	}
	s.server.Emit(nil, "/", everybody, msg("still"))
	bystander.Expect(`42["still"]`)
}

func TestDisconnect_TellsTheDetail(t *testing.T) {
	for name, eviction := range map[string]Eviction{
		"namespace": {Detail: "moderated"}, "transport": {Detail: "moderated", CloseTransport: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := play(t, Config{})
			b := s.join("/other", "/")
			s.server.Disconnect(nil, "/", everybody, eviction)
			b.Expect("41")
			s.heard("disconnected / " + ReasonServerNamespaceDisconnect)
			if end := s.socket("/").ending(); end.Detail != "moderated" {
				t.Errorf("%+v", end)
			}
			if eviction.CloseTransport {
				b.Expect("41/other,")
				s.heard("disconnected /other " + ReasonServerNamespaceDisconnect)
				if end := s.socket("/other").ending(); end.Detail != "moderated" {
					t.Errorf("%+v", end)
				}
			}
		})
	}
}
