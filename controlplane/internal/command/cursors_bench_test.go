package command

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/hub"
)

// page takes one page of rooms as a call does, and returns the last name.
func page(x *Executor, look func(namespace, prefix string) []hub.RoomInfo, after string, finish func(*Pages)) string {
	var p *Pages
	listed(&x.queries, listing[hub.RoomInfo]{
		key: cursorKey{tokenOfRooms, "/", "", after}, look: look, size: maxPage,
		name: func(room *hub.RoomInfo) string { return room.Name },
		put: func(r *hubv1.Result, room *hub.RoomInfo) {
			r.Rooms = append(r.Rooms, &hubv1.Room{Name: room.Name, SocketCount: uint32(room.Sockets)})
		},
	}, func(found *Pages, _ *fault.Fault) { p = found })
	r := p.Next()
	finish(p)
	if !r.More {
		return ""
	}
	return r.Rooms[len(r.Rooms)-1].Name
}

// All pages of a list cost one look at it.
func TestCursors_PagesOfCallsLookOnce(t *testing.T) {
	x, looks := New(Config{}), 0
	rooms := make([]hub.RoomInfo, 10_000)
	for i := range rooms {
		rooms[i].Name = fmt.Sprintf("room-%06d", i)
	}
	pages := 1
	look := func(string, string) []hub.RoomInfo { looks++; return rooms }
	for after := page(x, look, "", (*Pages).Keep); after != ""; after = page(x, look, after, (*Pages).Keep) {
		pages++
	}
	if pages != 10 || looks != 1 || x.queries.cursors.budget.Used() != 0 || x.Held() != 0 {
		t.Errorf("%d pages, %d looks, %d and %d bytes are left", pages, looks, x.queries.cursors.budget.Used(), x.Held())
	}
}

// 100 pages of 100 000 rooms, each by a call of its own: looked for anew, or from what the call before has left.
func BenchmarkListRooms(b *testing.B) {
	sizes := make(map[string]int, 100_000)
	for i := range 100_000 {
		sizes[fmt.Sprintf("room-%06d", i)] = 1
	}
	look := func(string, string) []hub.RoomInfo { // as a hub does it: in no order at first
		rooms := make([]hub.RoomInfo, 0, len(sizes))
		for name, sockets := range sizes {
			rooms = append(rooms, hub.RoomInfo{Name: name, Sockets: sockets})
		}
		slices.SortFunc(rooms, func(a, b hub.RoomInfo) int { return cmp.Compare(a.Name, b.Name) })
		return rooms
	}
	for name, finish := range map[string]func(*Pages){"anew": (*Pages).Close, "kept": (*Pages).Keep} {
		b.Run(name, func(b *testing.B) {
			x := New(Config{})
			b.ReportAllocs()
			for b.Loop() {
				for after := page(x, look, "", finish); after != ""; after = page(x, look, after, finish) {
				}
			}
		})
	}
}
