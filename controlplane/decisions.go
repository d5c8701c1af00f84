package controlplane

import (
	"fmt"
	"strings"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/internal/copies"
	"github.com/siohub/siohub/controlplane/internal/decisions"
	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/hub"
)

// Bounds of what is kept of accepts.
const (
	maxCacheAge     = time.Hour
	maxCacheHeaders = 16
	maxHeaderName   = 256
)

// cacheLimits bound all accepts that are kept.
var cacheLimits = decisions.Limits{Entries: 100_000, Bytes: 64 << 20}

// decideHere decides an attempt without a service, if it can: by a token that the hub
// verifies, because its browser was here just now, or as it was decided before.
func (o *deciding) decideHere(c *connect) bool {
	return o.srv.decideByToken(c) || o.srv.letBack(c) || o.srv.decideAsBefore(c)
}

// accepted is what is kept of an accept.
type accepted struct {
	acceptance hub.Acceptance
	expire     time.Time
	refresh    time.Duration
	keepAuth   bool
}

// factsOf is what keys are made of.
func factsOf(a *hub.ConnectAttempt) decisions.Facts {
	return decisions.Facts{Namespace: a.Namespace(), Auth: a.Auth(), Lines: a.Handshake().Lines}
}

// decideAsBefore lets a browser in as the authorizer has let in one that was alike. It
// reports false when there was none.
func (o *deciding) decideAsBefore(c *connect) bool {
	claim := o.srv.routes.table.Load().View(c.attempt.Namespace()).Authorizer()
	if claim == nil {
		return false
	}
	e := o.srv.decisions.Find(factsOf(c.attempt), claim.Group.name, time.Now())
	if e == nil {
		return false
	}
	before := e.Value.(*accepted)
	g := &grant{expire: before.expire, refresh: before.refresh, key: &e.Key}
	if before.keepAuth {
		g.auth = c.attempt.Auth()
	}
	acceptance := before.acceptance
	m := o.srv.remembered(g, &acceptance)
	acceptance.Then = func(hs *hub.Socket, batch *hub.Batch) {
		so := c.admit(hs, g, m)
		if !o.srv.decisions.Live(e) {
			// It was revoked after the look at it, and this socket was not there yet.
			so.closeIn(batch, command.DetailRevoked)
		}
	}
	decision, err := c.attempt.PrepareAccept(acceptance)
	if err != nil {
		return false // never: the same acceptance was sent before
	}
	if c.decided(nil, decision.Send) == nil {
		d := copies.Decision{
			Outcome: trace.OutcomeAccept, Group: e.Group, By: "cache", User: e.User, Rooms: before.acceptance.Rooms,
		}
		o.srv.debugDecision(c.attempt, d)
		o.srv.observers.Decided(c.attempt, d)
	}
	return true
}

// keepable makes the entry of an accept that asks to be kept; nil if it does not.
func (x *settling) keepable(c *connect, m *hubv1.Accept, g *grant) (*decisions.Entry, *fault.Fault) {
	cache := m.GetCache()
	if cache == nil {
		return nil, nil
	}
	headers, f := headersOf(cache.GetHeaders())
	if f != nil {
		return nil, f
	}
	age := cache.GetMaxAge()
	switch {
	case age == nil:
		return nil, fault.At(fault.Required, "max_age", "has to be there")
	case age.CheckValid() != nil || age.AsDuration() <= 0 || age.AsDuration() > maxCacheAge:
		return nil, fault.At(fault.BadDuration, "max_age", "is more than 0, at most 1 h")
	}
	end := time.Now().Add(age.AsDuration())
	if !g.expire.IsZero() && g.expire.Before(end) {
		end = g.expire
	}
	facts := factsOf(c.attempt)
	e := &decisions.Entry{
		Namespace: facts.Namespace, Headers: headers, Key: facts.Key(headers), User: m.GetUser(), Group: x.a.group.name,
		End: end, Bytes: sizeOfAccept(m), Value: &accepted{
			acceptance: contract.AcceptanceOf(m), expire: g.expire, refresh: g.refresh, keepAuth: m.GetKeepAuth(),
		},
	}
	g.key = &e.Key
	return e, nil
}

// headersOf checks the names of the headers that a decision depends on.
func headersOf(names []string) (decisions.Headers, *fault.Fault) {
	if len(names) > maxCacheHeaders {
		return nil, fault.At(fault.TooMany, "headers", fmt.Sprintf("at most %d are allowed", maxCacheHeaders))
	}
	for i, name := range names {
		if len(name) > maxHeaderName || !isToken(name) {
			return nil, fault.At(fault.BadName, fmt.Sprintf("headers[%d]", i), "is no name of a header")
		}
	}
	return decisions.HeadersOf(names), nil
}

// isToken reports whether a text may be the name of a header.
func isToken(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool {
		letter := ('a' <= r && r <= 'z') || ('A' <= r && r <= 'Z') || ('0' <= r && r <= '9')
		return !letter && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	}) < 0
}

// sizeOfAccept is about what an accept takes that is kept.
func sizeOfAccept(m *hubv1.Accept) int {
	n := len(m.GetData())
	for _, texts := range [][]string{m.GetRooms(), m.GetPolicy().GetEvents(), m.GetCache().GetHeaders()} {
		for _, text := range texts {
			n += len(text) + 16
		}
	}
	return n
}

// remember keeps an accept for attempts that are alike. What a group that has just left
// has said is not kept.
func (o *deciding) remember(c *connect, g *group, e *decisions.Entry) {
	if e == nil {
		return
	}
	o.srv.routes.mu.Lock()
	defer o.srv.routes.mu.Unlock()
	if len(g.attachments) > 0 && o.srv.routes.groups[g.name] == g {
		o.srv.decisions.Keep(e, c.generation)
	}
}

// revoked ends decisions that are kept for those whose authorization ends.
func (o *deciding) revoked(r command.Revocation) {
	for _, user := range r.Users {
		o.srv.decisions.RevokeUser(user)
	}
	for _, hs := range r.Sockets {
		o.srv.decisions.RevokeUser(hs.User())
		if so, ok := hs.Tag().(*socket); ok {
			o.revokeKey(so.grant)
		}
	}
	for _, session := range r.Away {
		o.srv.decisions.RevokeUser(session.User)
		if m, ok := session.Memo.(*memory); ok {
			o.revokeKey(m.grant)
		}
	}
}

// revokeKey ends the decision that a grant came from, if it is kept.
func (o *deciding) revokeKey(g *grant) {
	if g != nil && g.key != nil {
		o.srv.decisions.RevokeKey(*g.key)
	}
}

var cacheEvents = [...]trace.CacheEvent{
	decisions.Kept: trace.CacheKept, decisions.Hit: trace.CacheHit, decisions.Expired: trace.CacheExpired,
	decisions.Revoked: trace.CacheRevoked, decisions.Left: trace.CacheLeft, decisions.Replaced: trace.CacheReplaced,
	decisions.Evicted: trace.CacheEvicted, decisions.Refused: trace.CacheRefused,
}

// cached tells the trace.
func (o *deciding) cached(e decisions.Event) { o.srv.trace.DecisionCache(cacheEvents[e]) }
