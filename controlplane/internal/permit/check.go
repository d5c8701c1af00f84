package permit

import "fmt"

// Refusal names what an identity lacks.
type Refusal struct {
	// Kind is `verb`, `role`, `group`, `namespace`, `event`, `room`, `user`, `target`,
	// `observer` or `op`.
	Kind string
	// Value is what was asked for: a name, a pattern, for a target `all` or `sockets`; for an
	// observer what its subscription has to name, `rooms` or `users`.
	Value string
}

// Error implements error, and is what a service is told.
func (r *Refusal) Error() string {
	switch r.Kind {
	case "target":
		return fmt.Sprintf(`not permitted: target %q, which needs room "*"`, r.Value)
	case "observer":
		return fmt.Sprintf("not permitted: an observer of everybody; the identity may see some %[1]s: name %[1]s of those", r.Value)
	}
	return fmt.Sprintf("not permitted: %s %q", r.Kind, r.Value)
}

// Subscription is what a hello asks for.
type Subscription struct {
	Role      Role
	Namespace string
	// Events are patterns of a handler or an observer. Empty means all.
	Events []string
	// Rooms are patterns of rooms that are told about or observed.
	Rooms []string
	// Users and Sockets are those that are observed.
	Users, Sockets []string
	// AllUsers asks for the coming and going of every user.
	AllUsers bool
}

// Target is whom a command is for. Names, never patterns, but for Namespace.
type Target struct {
	Namespace             string
	All                   bool
	Rooms, Users, Sockets []string
}

// Command is one command or query.
type Command struct {
	Verb   Verb
	Target Target
	// Event is the name that an emit or a call sends.
	Event string
	// Joins and Leaves are the rooms that sockets are put into and taken out of.
	Joins, Leaves []string
	// OwnSocket is the socket of the delivery that the command belongs to.
	OwnSocket string
	// Lists is what a query enumerates or counts, by names that start with Prefix.
	Lists  Listing
	Prefix string
}

// Listing is what a query enumerates.
type Listing uint8

// The listings.
const (
	ListsNothing Listing = iota
	ListsRooms
	ListsUsers
)

// May asks for a verb alone.
func (s *Set) May(v Verb) *Refusal {
	if s == nil || s.verbs&(1<<v) != 0 {
		return nil
	}
	return &Refusal{Kind: "verb", Value: v.String()}
}

// Attach asks for a stream of an instance of a group.
func (s *Set) Attach(group string) *Refusal {
	if s == nil {
		return nil
	}
	if r := s.May(Attach); r != nil {
		return r
	}
	if !s.groups.name(group) {
		return &Refusal{Kind: "group", Value: group}
	}
	return nil
}

// Subscribe asks for one subscription of a stream that is permitted.
func (s *Set) Subscribe(sub Subscription) *Refusal {
	if s == nil {
		return nil
	}
	if sub.Role == Observer {
		if r := s.May(Observe); r != nil {
			return r
		}
	}
	if s.roles&(1<<sub.Role) == 0 {
		return &Refusal{Kind: "role", Value: sub.Role.String()}
	}
	if !s.namespaces.covers(sub.Namespace) {
		return &Refusal{Kind: "namespace", Value: sub.Namespace}
	}
	if sub.Role != Authorizer {
		if r := s.subscribeEvents(sub.Events); r != nil {
			return r
		}
	}
	for _, room := range sub.Rooms {
		if !s.rooms.covers(room) {
			return &Refusal{Kind: "room", Value: room}
		}
	}
	if sub.AllUsers && !s.users.all {
		return &Refusal{Kind: "user", Value: "*"}
	}
	if r := s.eachUser(sub.Users); r != nil || sub.Role != Observer {
		return r
	}
	return s.narrow(sub)
}

// narrow looks at whether an observer sees nobody outside of what the rules name. Rules
// that name neither rooms nor users say nothing about whom it sees.
func (s *Set) narrow(sub Subscription) *Refusal {
	switch {
	case s.rooms.all:
		return nil
	case s.rooms.some():
		if len(sub.Rooms) == 0 {
			return &Refusal{Kind: "observer", Value: "rooms"}
		}
	case s.users.some():
		if len(sub.Users) == 0 {
			return &Refusal{Kind: "observer", Value: "users"}
		}
	default:
		return nil
	}
	// Emits to a socket are seen whatever rooms it is in.
	if len(sub.Sockets) > 0 {
		return &Refusal{Kind: "target", Value: "sockets"}
	}
	return nil
}

func (s *Set) subscribeEvents(events []string) *Refusal {
	if len(events) == 0 && !s.events.all {
		return &Refusal{Kind: "event", Value: "*"}
	}
	for _, e := range events {
		if !s.events.covers(e) {
			return &Refusal{Kind: "event", Value: e}
		}
	}
	return nil
}

// Do asks for one command or query.
func (s *Set) Do(c *Command) *Refusal {
	if s == nil {
		return nil
	}
	if r := s.May(c.Verb); r != nil {
		return r
	}
	// An acknowledgement names the event that it answers, nothing else.
	if c.Verb == Acknowledge || c.Verb == Admin {
		return nil
	}
	if !s.namespaces.covers(c.Target.Namespace) {
		return &Refusal{Kind: "namespace", Value: c.Target.Namespace}
	}
	if (c.Verb == Emit || c.Verb == Call) && !s.events.name(c.Event) {
		return &Refusal{Kind: "event", Value: c.Event}
	}
	for _, rooms := range [][]string{c.Target.Rooms, c.Joins, c.Leaves} {
		if r := s.eachRoom(rooms); r != nil {
			return r
		}
	}
	if r := s.listing(c); r != nil {
		return r
	}
	return s.target(c)
}

// Names reports whether the rules have a namespace by its name. A nil Set has none.
func (s *Set) Names(namespace string) bool {
	if s == nil {
		return false
	}
	_, named := s.namespaces.exact[namespace]
	return named
}

// listing looks at names that a query would tell.
func (s *Set) listing(c *Command) *Refusal {
	all := c.Prefix + "*"
	switch {
	case c.Lists == ListsRooms && !s.rooms.covers(all):
		return &Refusal{Kind: "room", Value: all}
	case c.Lists == ListsUsers && !s.users.covers(all):
		return &Refusal{Kind: "user", Value: all}
	}
	return nil
}

func (s *Set) eachRoom(rooms []string) *Refusal {
	for _, room := range rooms {
		if !s.rooms.name(room) {
			return &Refusal{Kind: "room", Value: room}
		}
	}
	return nil
}

func (s *Set) eachUser(users []string) *Refusal {
	for _, user := range users {
		if !s.users.name(user) {
			return &Refusal{Kind: "user", Value: user}
		}
	}
	return nil
}

// target looks at whom a command reaches beside rooms.
func (s *Set) target(c *Command) *Refusal {
	t := &c.Target
	if t.All && !s.rooms.all {
		return &Refusal{Kind: "target", Value: "all"}
	}
	if r := s.eachUser(t.Users); r != nil {
		return r
	}
	if s.rooms.all || c.Verb == Rooms {
		return nil
	}
	for _, socket := range t.Sockets {
		if socket != c.OwnSocket || socket == "" {
			return &Refusal{Kind: "target", Value: "sockets"}
		}
	}
	return nil
}
