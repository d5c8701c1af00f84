package controlplane

import (
	"sync"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/route"
)

// roster is who is there: the groups, with their attachments, and how many each identity has.
type roster struct {
	mu     sync.Mutex // guards the fields below and what says so; taken before a group's
	groups map[string]*group
	// instances are how many attachments each identity has.
	instances map[string]int
}

// each calls f with each group.
func (r *roster) each(f func(*group)) {
	r.mu.Lock()
	groups := make([]*group, 0, len(r.groups))
	for _, g := range r.groups {
		groups = append(groups, g)
	}
	r.mu.Unlock()
	for _, g := range groups {
		f(g)
	}
}

// present are the attachments that are not over. To be called without mu.
func (r *roster) present(g *group) []*attachment {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*attachment, 0, len(g.attachments))
	for _, a := range g.attachments {
		all = append(all, a)
	}
	return all
}

// attachment finds an instance's attachment.
func (r *roster) attachment(groupName, instance string) *attachment {
	r.mu.Lock()
	defer r.mu.Unlock()
	if g := r.groups[groupName]; g != nil {
		return g.attachments[instance]
	}
	return nil
}

// group finds a group; nil when it is not known.
func (r *roster) group(name string) *group {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.groups[name]
}

// claimsOf is what a group claims.
func (r *roster) claimsOf(g *group) []*claim {
	r.mu.Lock()
	defer r.mu.Unlock()
	return g.claims
}

// anyOf is an attachment of a group that has a stream, or nil.
func (r *roster) anyOf(g *group) *attachment {
	r.mu.Lock()
	defer r.mu.Unlock()
	return g.anyAttachment()
}

// anyAttachment is an attachment of the group that has a stream, or nil. The caller
// holds routes.mu.
func (g *group) anyAttachment() *attachment {
	for _, a := range g.attachments {
		if a.current() != nil {
			return a
		}
	}
	return nil
}

// decide reports whether an authorizer is attached.
func (r *roster) decide() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, g := range r.groups {
		if g.anyAttachment() == nil {
			continue
		}
		for _, c := range g.claims {
			if c.Role == route.Authorizer {
				return true
			}
		}
	}
	return false
}

// mayEnterLocked says why an identity may not use an instance id, or have one more
// instance.
func (r *roster) mayEnterLocked(st *stream, before *attachment) *fault.Fault {
	if before != nil && before.caller.Name() != st.caller.Name() {
		return fault.At(fault.OtherIdentity, "instance_id", "belongs to another identity")
	}
	most := st.caller.MaxInstances()
	if most == 0 || before != nil {
		return nil
	}
	if n := r.instances[st.caller.Name()]; n >= most {
		return fault.Newf(fault.TooManyInstances, "the identity has %d instances, which is all that it may have", n)
	}
	return nil
}

// countLocked counts an attachment that has come, or is over. Nil counts nothing.
func (r *roster) countLocked(a *attachment, n int) {
	if a == nil {
		return
	}
	name := a.caller.Name()
	if r.instances[name] += n; r.instances[name] == 0 {
		delete(r.instances, name)
	}
}
