package conform

import (
	"fmt"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

var factCases = []*Case{
	{Name: "facts/socket", Rules: []string{"I3"}, About: "What a delivery says of its socket is what the program sees.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{"user":"u","rooms":["r2","r1"],"data":{"a":[1]}}`)
		got := element(b.ask("I3", "who", `[]`), 0)
		for _, one := range [][2]string{
			{"id", b.socket.Id}, {"namespace", "/"}, {"user", "u"}, {"hub", a.hub.ID}, {"transport", "websocket"}, {"client", b.socket.ClientId}, {"version", "1"},
		} {
			t.check("I3", member(got, one[0]) == one[1], one[0]+" "+one[1], "%s", got)
		}
		t.check("I3", sameJSON(member(got, "data"), `{"a":[1]}`), "the data", "%s", got)
		b.socket = &hubv1.Socket{Id: b.socket.Id, Namespace: "/", User: "u", HubId: a.hub.ID, Transport: "websocket", ClientId: b.socket.ClientId, Data: []byte(`"new"`), DataVersion: 2}
		got = element(b.ask("I3", "who", `[]`), 0)
		t.check("I3", member(got, "data") == "new" && member(got, "version") == "2", "the data that was changed, version 2", "%s", got)
	}},
	{Name: "facts/rooms", Rules: []string{"I1"}, About: "ROOMS_CHANGED keeps rooms true; what is not newer is passed over.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{"rooms":["a"]}`)
		for _, one := range []struct {
			joined, left []string
			version      uint64
			want         string
		}{
			{[]string{"b", "c"}, nil, 2, `["a","b","c"]`}, {nil, []string{"a"}, 3, `["b","c"]`}, {[]string{"old"}, []string{"b"}, 2, `["b","c"]`},
			{[]string{"old"}, []string{"b"}, 3, `["b","c"]`}, {[]string{"ünï"}, []string{"b", "c"}, 7, `["ünï"]`}, {nil, []string{"ünï"}, 8, `[]`},
		} {
			a.say(&hubv1.Item{Kind: &hubv1.Item_Notice{Notice: &hubv1.Notice{
				Kind: hubv1.NoticeKind_NOTICE_KIND_ROOMS_CHANGED, Count: 1,
				Fact: &hubv1.Notice_RoomsChanged{RoomsChanged: &hubv1.RoomsChanged{SocketId: b.socket.Id, Namespace: "/", Joined: one.joined, Left: one.left, RoomsVersion: one.version}},
			}}})
			got := member(element(b.ask("I1", "who", `[]`), 0), "rooms")
			t.check("I1", sameJSON(got, one.want), fmt.Sprintf("rooms %s with version %d", one.want, one.version), "%s", got)
		}
		a.logged("I1", `["rooms",`+quote(b.socket.Id)+`,["b","c"]]`)
	}},
	{Name: "facts/connected", Rules: []string{"I2"}, About: "late, moved, recovered, rooms and auth of connected reach the program.", run: func(t *T) {
		_, a := t.one()
		b := a.browser("/")
		b.socket.User = "u"
		b.introduce(&hubv1.Connected{Late: true, Moved: true, Recovered: true, Rooms: []string{"r"}, Auth: []byte(`{"token":"x"}`)}).settlement("I2", "a settlement")
		got := element(a.logged("I2", `["connected",`+quote(b.socket.Id)+`,"…"]`), 2)
		for _, name := range []string{"late", "moved", "recovered"} {
			t.check("I2", member(got, name) == "true", name, "%s", got)
		}
		t.check("I2", sameJSON(member(got, "rooms"), `["r"]`) && member(got, "user") == "u" && member(got, "auth", "token") == "x", "rooms, user and auth", "%s", got)
		plain := a.join(`{}`)
		got = element(a.logged("I2", `["connected",`+quote(plain.socket.Id)+`,"…"]`), 2)
		t.check("I2", member(got, "late") == "false" && member(got, "moved") == "false" && member(got, "auth") == "null", "neither late nor moved, no auth", "%s", got)
	}},
	{Name: "facts/told-again", Rules: []string{"I2", "N12"}, About: "A connected that is told again is the same fact: it has one disconnected.", run: func(t *T) {
		_, a := t.one()
		b := a.browser("/")
		d := b.introduction(&hubv1.Connected{})
		a.deliver(d)[0].settlement("I2", "a settlement")
		a.deliver(again(d))[0].settlement("I2", "a settlement of the second try")
		b.leave().settlement("I2", "a settlement of disconnected")
		t.check("N12", a.count(`["disconnected",`+quote(b.socket.Id)+`,"…"]`) == 1, "one disconnected", "%s", tailOf(a.log()))
	}},
}
