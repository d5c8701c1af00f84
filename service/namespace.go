package service

import "context"

// Namespace is where handlers are registered, before Run. Its name is exact
// (`/chat`) or ends in a segment `*` that stands for one or more (`/org/*`); the
// most specific one gets the delivery.
//
// It needs to be said who decides about connect attempts: exactly one of
// OnConnect, AllowAnyone and AuthorizedElsewhere, or Run refuses to start.
type Namespace struct {
	svc  *Service
	name string

	// Set before Run, read by handlers' workers afterwards.
	decision     string // who decides: OnConnect, AllowAnyone or AuthorizedElsewhere
	connect      ConnectHandler
	connected    ConnectedHandler
	disconnect   DisconnectHandler
	exact        map[string]*handler
	prefixes     []*handler // longest first
	concurrent   bool
	strict       bool
	introduction introduction
}

// handler is one On.
type handler struct {
	pattern    string
	prefix     string // pattern without its `*`
	run        Handler
	concurrent bool
	atMostOnce bool
}

// HandlerOption changes how the events of one On are delivered.
type HandlerOption func(*handler)

// Concurrent lets the handler run beside other handlers of the same socket. Events
// still start in order, and OnDisconnect still comes last.
func Concurrent() HandlerOption { return func(h *handler) { h.concurrent = true } }

// AtMostOnce lets the hub drop an event when the stream is lost before it is
// settled, instead of delivering it again: for events of the moment such as a
// mouse position.
func AtMostOnce() HandlerOption { return func(h *handler) { h.atMostOnce = true } }

// Name is the name that the namespace was made with.
func (n *Namespace) Name() string { return n.name }

// OnConnect decides about connect attempts.
func (n *Namespace) OnConnect(h ConnectHandler) *Namespace {
	return n.decide("OnConnect", func() { n.connect = h })
}

// AllowAnyone lets every browser in, without user, rooms and data.
func (n *Namespace) AllowAnyone() *Namespace {
	return n.decide("AllowAnyone", func() {
		n.connect = func(context.Context, *ConnectAttempt) (Accept, error) { return Accept{}, nil }
	})
}

// AuthorizedElsewhere says that another service decides.
func (n *Namespace) AuthorizedElsewhere() *Namespace {
	return n.decide("AuthorizedElsewhere", func() {})
}

// OnConnected hears of each socket that has joined, before its first event.
func (n *Namespace) OnConnected(h ConnectedHandler) *Namespace { n.connected = h; return n }

// OnDisconnect hears of each socket that has left, after its last event.
func (n *Namespace) OnDisconnect(h DisconnectHandler) *Namespace { n.disconnect = h; return n }

// On deals with an event. The name is exact, or a prefix followed by `*`, or `*`
// for all that no other handler takes; the most specific one gets the event.
func (n *Namespace) On(event string, h Handler, options ...HandlerOption) *Namespace {
	n.register(event, h, options)
	return n
}

// Concurrent is the option of that name for all handlers of the namespace.
func (n *Namespace) Concurrent() *Namespace { n.concurrent = true; return n }

// Strict makes the hub hand over a socket's next event only once the one before is
// settled. Handlers of one socket run one at a time in any case; what is won is that
// the order holds over Retry too, and what it costs is a round trip for each event.
func (n *Namespace) Strict() *Namespace { n.strict = true; return n }

// IntroduceOnAttach makes OnConnected run for every live socket when the first
// process of this service attaches: a restarted service learns who is there.
func (n *Namespace) IntroduceOnAttach() *Namespace { n.introduction = introduceOnAttach; return n }

// IntroduceOnEvent makes OnConnected run before a socket's first event instead of
// when it joins; sockets that never say anything are not mentioned.
func (n *Namespace) IntroduceOnEvent() *Namespace { n.introduction = introduceOnEvent; return n }

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

// ListRooms returns the rooms whose names start with prefix, see
// [Target.ListRooms].
func (n *Namespace) ListRooms(ctx context.Context, prefix string) ([]Room, error) {
	return n.svc.In(n.name).ListRooms(ctx, prefix)
}
