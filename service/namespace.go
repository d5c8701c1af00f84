package service

import "context"

// Namespace is where handlers are registered, before Run. Its name is exact
// (`/chat`), ends in a segment `*` that stands for one or more (`/org/*`), or is `*`
// for all; the most specific one gets the delivery.
//
// It needs to be said who decides about connect attempts: exactly one of
// OnConnect, AllowAnyone and AuthorizedElsewhere, or Run refuses to start. Options of
// its subscriptions are given to Set.
type Namespace struct {
	svc  *Service
	name string

	// Set before Run, read by handlers' workers afterwards.
	decision string // who decides: OnConnect, AllowAnyone or AuthorizedElsewhere
	handlers handlers
	terms    terms
	unheard  *handler // answers events without a handler; nil unless asked for
}

// handlers are what was registered on a namespace.
type handlers struct {
	connect    ConnectHandler
	expiring   AuthExpiringHandler
	connected  ConnectedHandler
	disconnect DisconnectHandler
	released   ReleasedHandler
	rooms      RoomsChangedHandler
	upgraded   UpgradedHandler
	present    UserHandler
	absent     UserHandler
	occupancy  []*occupancyHandler
	calls      map[string]CallHandler
	exact      map[string]*handler
	prefixes   []*handler
}

// handler is one On.
type handler struct {
	pattern    string
	run        Handler
	concurrent bool
	atMostOnce bool
}

// HandlerOption changes how the events of one On are delivered.
type HandlerOption interface{ apply(h *handler) }

type handlerOption func(*handler)

func (o handlerOption) apply(h *handler) { o(h) }

// AtMostOnce lets the hub drop an event when the stream is lost before it is
// settled, instead of delivering it again: for events of the moment such as a
// mouse position.
func AtMostOnce() HandlerOption { return handlerOption(func(h *handler) { h.atMostOnce = true }) }

// Name is the name that the namespace was made with.
func (n *Namespace) Name() string { return n.name }

// OnConnect decides about connect attempts.
func (n *Namespace) OnConnect(h ConnectHandler) *Namespace {
	return decidedBy(n, "OnConnect", func() { n.handlers.connect = h })
}

// AllowAnyone lets every browser in, without user, rooms and data.
func (n *Namespace) AllowAnyone() *Namespace {
	return decidedBy(n, "AllowAnyone", func() {
		n.handlers.connect = func(context.Context, *ConnectAttempt) (Accept, error) { return Accept{}, nil }
	})
}

// AuthorizedElsewhere says that another service decides.
func (n *Namespace) AuthorizedElsewhere() *Namespace {
	return decidedBy(n, "AuthorizedElsewhere", func() {})
}

// OnAuthExpiring decides whether a socket may stay whose authorization is about to
// end, see [Accept.RefreshBefore]. Without it authorizations end when they end.
func (n *Namespace) OnAuthExpiring(h AuthExpiringHandler) *Namespace {
	n.handlers.expiring = h
	return n
}

// OnConnected hears of each socket that has joined, before its first event.
func (n *Namespace) OnConnected(h ConnectedHandler) *Namespace { n.handlers.connected = h; return n }

// OnDisconnect hears of each socket that has left, after its last event.
func (n *Namespace) OnDisconnect(h DisconnectHandler) *Namespace {
	n.handlers.disconnect = h
	return n
}

// OnReleased hears of each socket that went to another process of this service, after
// its last event here: what is kept for it in this process may be forgotten. With
// IntroduceOnInstance it is the counterpart of the OnConnected on that process.
func (n *Namespace) OnReleased(h ReleasedHandler) *Namespace { n.handlers.released = h; return n }

// OnRoomsChanged hears of each change of a socket's rooms, in order with what else
// happens to the socket. It tracks rooms, see [TrackRooms].
func (n *Namespace) OnRoomsChanged(h RoomsChangedHandler) *Namespace { n.handlers.rooms = h; return n }

// OnUpgraded hears of each browser that moved from polling to another transport.
func (n *Namespace) OnUpgraded(h UpgradedHandler) *Namespace { n.handlers.upgraded = h; return n }

// OnRoomOccupied hears of the first socket that comes into a room. Patterns are exact
// names, or a prefix followed by `*`; none means all. When the service attaches it
// hears of the rooms that are occupied. Every process of the service hears it.
func (n *Namespace) OnRoomOccupied(h RoomHandler, patterns ...string) *Namespace {
	return registerRooms(n, &occupancyHandler{occupied: true, run: h}, patterns)
}

// OnRoomVacated hears that the last socket has left a room, see OnRoomOccupied.
func (n *Namespace) OnRoomVacated(h RoomHandler, patterns ...string) *Namespace {
	return registerRooms(n, &occupancyHandler{run: h}, patterns)
}

// OnUserPresent hears of a user's first socket. When the service attaches it hears of
// the users who are there. Every process of the service hears it.
func (n *Namespace) OnUserPresent(h UserHandler) *Namespace { n.handlers.present = h; return n }

// OnUserAbsent hears that a user's last socket has left, and that none came within
// the grace of [DisconnectGrace].
func (n *Namespace) OnUserAbsent(h UserHandler) *Namespace { n.handlers.absent = h; return n }

// OnCall answers calls of other services, and of Node's serverSideEmit, under this
// name; `*` takes all that no other OnCall takes.
func (n *Namespace) OnCall(name string, h CallHandler) *Namespace {
	switch {
	case h == nil:
		problem(n, "the handler of call %q is nil", name)
	case !validName(name):
		problem(n, "call %q: a name has 1 to %d bytes of UTF-8", name, maxNameBytes)
	case n.handlers.calls[name] != nil:
		problem(n, "call %q has two handlers", name)
	}
	n.handlers.calls[name] = h
	return n
}

// On deals with an event. The name is exact, or a prefix followed by `*`, or `*`
// for all that no other handler takes; the most specific one gets the event.
func (n *Namespace) On(event string, h Handler, options ...HandlerOption) *Namespace {
	registerEvent(n, event, h, options)
	return n
}

// Set sets options of the namespace.
func (n *Namespace) Set(options ...NamespaceOption) *Namespace {
	for _, o := range options {
		o.set(n)
	}
	return n
}

// To picks the members of rooms.
func (n *Namespace) To(rooms ...string) Target { return n.svc.In(n.name).To(rooms...) }

// Sockets picks sockets by their ids.
func (n *Namespace) Sockets(ids ...string) Target { return n.svc.In(n.name).Sockets(ids...) }

// Users picks all sockets of users.
func (n *Namespace) Users(ids ...string) Target { return n.svc.In(n.name).Users(ids...) }

// All picks everybody in the namespace.
func (n *Namespace) All() Target { return n.svc.In(n.name).All() }

// Emit sends an event to everybody in the namespace, see [Target.Emit].
func (n *Namespace) Emit(ctx context.Context, event string, args ...any) error {
	return n.All().Emit(ctx, event, args...)
}

// EmitWithAck sends an event to everybody in the namespace and waits for the
// acknowledgements, see [Target.EmitWithAck].
func (n *Namespace) EmitWithAck(ctx context.Context, event string, args ...any) (*Acks, error) {
	return n.All().EmitWithAck(ctx, event, args...)
}
