package service

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// hubs are the hub processes that this process knows, by their ids: which link leads to
// which of them, what each of them says of the others, and which are lost.
//
//	         a stream opens                 it ends
//	unknown ───────────────► attached ◄──────────────────► away
//	                            ▲        a stream opens      │ the others say so, another
//	                            │                            │ process has its address, or
//	                            │  a stream opens            ▼ its address is given up
//	                            └─────────────────────────  lost
//	                               (its hello says `anew`)
//
// A hub that is attached is never lost, whatever is said of it.
type hubs struct {
	svc *Service
	// changed has one element when the runner is to look which addresses lead somewhere.
	changed chan struct{}

	// telling is held from a change of who is lost until the program was told, so that
	// nothing of a hub that came back overtakes its loss. It is taken before mu.
	telling sync.Mutex

	mu    sync.Mutex // guards the fields below, and the standing of peers
	peers map[string]*peer
	lost  []string      // hubs whose sockets the program was told to be gone, newest last
	freed chan struct{} // closed and replaced when a stream has ended
	views map[*link]*HubStatus
}

// standing is where a hub process stands. It is guarded by hubs.mu.
type standing struct {
	link  *link       // that has a stream to it; nil while it is away
	att   *attachment // the newest; may be suspended, or have ended
	tells hubList     // what it said last
	named map[string]bool
}

// hubList is what a hub says: addresses of control listeners by the ids of the hubs that
// are alive. Nil when it has not said anything.
type hubList map[string]string

const (
	// maxLostHubs bounds what is remembered of hubs that have gone.
	maxLostHubs = 256
	// maxHubs bounds a list of hubs, and the addresses of a name.
	maxHubs = 1024
)

func newHubs(svc *Service) *hubs {
	return &hubs{
		svc: svc, changed: make(chan struct{}, 1), peers: map[string]*peer{},
		freed: make(chan struct{}), views: map[*link]*HubStatus{},
	}
}

// nudge lets the runner look again.
func (h *hubs) nudge() {
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

// anewError asks for another hello: one that says, or does not say, that the hub's
// sockets were taken for lost.
type anewError struct{ say bool }

func (e *anewError) Error() string {
	return fmt.Sprintf("service: the hub needs a hello with anew %v", e.say)
}

// meet is told which hub has welcomed a link with a new attachment, and whether the hello
// said `anew`.
func (h *hubs) meet(l *link, w *hubv1.Welcome, anew bool) (*peer, error) {
	h.telling.Lock()
	defer h.telling.Unlock()
	h.mu.Lock()
	id := w.GetHubId()
	p := h.peers[id]
	i := slices.Index(h.lost, id)
	if i >= 0 != anew && (i >= 0 || p != nil) {
		h.mu.Unlock()
		return nil, &anewError{say: i >= 0}
	}
	if i >= 0 {
		h.lost = slices.Delete(h.lost, i, i+1)
	}
	if p == nil {
		p = &peer{hubID: id, members: map[string]*member{}}
		h.peers[id] = p
	}
	p.link = l
	p.says(w.GetHubs())
	gone := h.judgeLocked()
	if before := h.peers[l.last]; before != nil && before.link == nil && !h.namedLocked(l.last) {
		gone = append(gone, h.loseLocked(before))
	}
	h.mu.Unlock()
	p.mu.Lock()
	p.round++
	p.mu.Unlock()
	h.mourn(gone)
	h.nudge()
	return p, nil
}

// resumed is told that a link has taken up its attachment.
func (h *hubs) resumed(l *link, p *peer, w *hubv1.Welcome) error {
	h.telling.Lock()
	defer h.telling.Unlock()
	h.mu.Lock()
	if h.peers[p.hubID] != p {
		h.mu.Unlock()
		return &anewError{say: true} // it was taken for lost while the hello was under way
	}
	p.link = l
	p.says(w.GetHubs())
	gone := h.judgeLocked()
	h.mu.Unlock()
	h.mourn(gone)
	h.nudge()
	return nil
}

// attach keeps the attachment that a hub has.
func (h *hubs) attach(p *peer, a *attachment) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p.att = a
}

// ended is told that a link's stream has ended. It reports whether another link has one
// to the same hub by now.
func (h *hubs) ended(l *link, p *peer) (replaced bool) {
	h.telling.Lock()
	defer h.telling.Unlock()
	h.mu.Lock()
	replaced = p.link != nil && p.link != l
	if p.link == l {
		p.link = nil
	}
	gone := h.judgeLocked()
	close(h.freed)
	h.freed = make(chan struct{})
	h.mu.Unlock()
	h.mourn(gone)
	h.nudge()
	return replaced
}

// hear takes the list that a hub tells.
func (h *hubs) hear(p *peer, list []*hubv1.HubInfo) {
	h.telling.Lock()
	defer h.telling.Unlock()
	h.mu.Lock()
	p.says(list)
	gone := h.judgeLocked()
	h.mu.Unlock()
	h.mourn(gone)
	h.nudge()
}

// abandon is told that a link has ended. Unless the service closes (judge is false then),
// nobody tries to reach its hub any more, which is lost if nobody says that it is alive.
func (h *hubs) abandon(l *link, judge bool) {
	h.telling.Lock()
	defer h.telling.Unlock()
	h.mu.Lock()
	delete(h.views, l)
	var gone []*lostHub
	if p := h.peers[l.last]; judge && p != nil && p.link == nil && !h.namedLocked(l.last) {
		gone = append(gone, h.loseLocked(p))
	}
	h.mu.Unlock()
	h.mourn(gone)
}

// says takes a list. One without anybody says nothing.
func (p *peer) says(list []*hubv1.HubInfo) {
	if len(list) == 0 {
		return
	}
	p.tells = make(hubList, min(len(list), maxHubs))
	named := p.named
	p.named = make(map[string]bool, len(p.tells))
	for _, hub := range list[:min(len(list), maxHubs)] {
		p.tells[hub.GetId()] = hub.GetControlAddress()
		p.named[hub.GetId()] = true
	}
	for id := range named {
		if len(p.named) < 2*maxHubs {
			p.named[id] = true
		}
	}
}

// misses reports whether the hub, which is attached, has named another one and does so
// no more. A hub that never named it is an island, or has not heard of it yet.
func (p *peer) misses(id string) bool {
	_, there := p.tells[id]
	return p.link != nil && p.named[id] && !there
}

// namedLocked reports whether somebody who is attached says that a hub is alive.
func (h *hubs) namedLocked(id string) bool {
	for _, p := range h.peers {
		if _, there := p.tells[id]; there && p.link != nil && p.hubID != id {
			return true
		}
	}
	return false
}

// lostHub is a hub that was taken out, for mourn.
type lostHub struct {
	peer *peer
	att  *attachment
}

// judgeLocked takes out the hubs that are away and that another one misses.
func (h *hubs) judgeLocked() (gone []*lostHub) {
	for id, p := range h.peers {
		if p.link != nil {
			continue
		}
		for _, other := range h.peers {
			if other.misses(id) {
				gone = append(gone, h.loseLocked(p))
				break
			}
		}
	}
	return gone
}

func (h *hubs) loseLocked(p *peer) *lostHub {
	delete(h.peers, p.hubID)
	h.lost = append(h.lost, p.hubID)
	h.lost = slices.Delete(h.lost, 0, max(0, len(h.lost)-maxLostHubs))
	return &lostHub{p, p.att}
}

// mourn tells the program that what was at these hubs has gone.
func (h *hubs) mourn(lost []*lostHub) {
	for _, hub := range lost {
		if hub.att != nil {
			hub.att.end(ErrLeaseLost) // what waits for a worker is not begun any more
		}
		gone := hub.peer.lost()
		if len(gone) > 0 {
			h.svc.log.Warn("the hub is lost", "hub", hub.peer.hubID, "sockets", len(gone))
		}
		for _, m := range gone {
			h.svc.ghost(m, "")
		}
		h.svc.facts.lose(hub.peer.hubID)
	}
}

// cameBack ends the life of a socket at the other hubs: it is at this one by now.
func (h *hubs) cameBack(at *peer, id string) {
	for _, p := range h.all() {
		if p == at {
			continue
		}
		if m := p.left(id); m != nil {
			h.svc.ghost(m, elsewhere)
		}
	}
}

// all are the hubs that are known.
func (h *hubs) all() []*peer {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.AppendSeq(make([]*peer, 0, len(h.peers)), maps.Values(h.peers))
}

// find returns what is known of a live socket.
func (h *hubs) find(id string) (*peer, *member) {
	for _, p := range h.all() {
		if m := p.live(id); m != nil {
			return p, m
		}
	}
	return nil, nil
}

// holder is the hub that holds a socket, as far as this process knows; empty otherwise.
func (h *hubs) holder(id string) string {
	if p, _ := h.find(id); p != nil {
		return p.hubID
	}
	return ""
}

// attachment is that of a hub which is known, be it suspended; nil when it has ended.
func (h *hubs) attachment(id string) (a *attachment, known bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.peers[id]
	if p == nil || p.att == nil || p.att.ctx.Err() != nil {
		return nil, p != nil
	}
	return p.att, true
}

// incomplete reports whether a hub that is alive has no stream.
func (h *hubs) incomplete() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.peers {
		if p.link == nil {
			return true
		}
		for id := range p.tells {
			if h.peers[id] == nil && !slices.Contains(h.lost, id) {
				return true
			}
		}
	}
	return false
}

// isLost reports whether the program was told that the sockets of a hub are gone.
func (h *hubs) isLost(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Contains(h.lost, id)
}

// attachedBut are the hubs to which other links have streams.
func (h *hubs) attachedBut(l *link) (ids []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, p := range h.peers {
		if p.link != nil && p.link != l && len(ids) < maxHubs {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// whenFreed is closed when a stream has ended.
func (h *hubs) whenFreed() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.freed
}

// told are the addresses that hubs have told and that lead to a hub which no link holds
// by another address.
func (h *hubs) told() map[string]place {
	h.mu.Lock()
	defer h.mu.Unlock()
	places := map[string]place{}
	for _, p := range h.peers {
		for id, address := range p.tells {
			if l := h.holderLocked(id); address != "" && (l == nil || l.address == address) {
				places[address] = place{address: address, hub: id}
			}
		}
	}
	return places
}

// holderLocked is the link that leads to a hub, or may take its attachment up again.
func (h *hubs) holderLocked(id string) *link {
	switch p := h.peers[id]; {
	case p == nil:
		return nil
	case p.link != nil:
		return p.link
	case p.att != nil && p.att.ctx.Err() == nil:
		return p.att.link
	}
	return nil
}
