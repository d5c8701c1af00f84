// Package service is the Go kit for application services behind a hub: it
// decides who gets in, answers what browsers say, and speaks to them, over one
// gRPC stream to each hub, which it keeps alive by itself.
//
//	svc := service.New("chat", service.Options{Hub: "127.0.0.1:7420"})
//	chat := svc.Namespace("/chat")
//	chat.OnConnect(func(ctx context.Context, c *service.ConnectAttempt) (service.Accept, error) {
//		var auth struct{ Name string }
//		if err := c.BindAuth(&auth); err != nil || auth.Name == "" {
//			return service.Accept{}, service.Deny("who are you?", nil)
//		}
//		return service.Accept{User: auth.Name, Rooms: []string{"lobby"}}, nil
//	})
//	chat.On("message", func(ctx context.Context, e *service.Event) error {
//		var text string
//		if err := e.Bind(&text); err != nil {
//			return err
//		}
//		if err := chat.To("lobby").Emit(ctx, "message", e.Socket.User(), text); err != nil {
//			return err
//		}
//		return e.Reply("ok")
//	})
//	err := svc.RunUntilSignal(context.Background())
//
// It is not a Socket.IO server: browsers are connected to the hub, stay
// connected while this process is restarted, and are known here by their id.
// The contract behind it is proto/hub/v1; nothing of it shows in this package.
//
// # Handlers
//
// What a browser does arrives as a delivery, and the return value of its handler
// settles it:
//
//   - nil without a Reply: dealt with. The browser gets no acknowledgement.
//   - [Event.Reply]: dealt with, and the browser's callback runs. The reply leaves
//     when Reply is called, so that an emit said before it arrives before it, and
//     one said after it arrives after it.
//   - [Event.AckLater]: dealt with, and the callback runs later, from anywhere.
//   - [Reject]: dealt with, and the callback gets an error in one documented shape.
//   - another error, or a panic: not dealt with, and never again. Logged once, here;
//     with Options.AnswerFailures the callback hears of it.
//   - [Retry], [RetryAfter] or [Elsewhere]: not dealt with; the hub delivers it again,
//     at most 5 times in all.
//
// Handlers of one socket run one at a time and in order: OnConnected, the events
// as the browser sent them, OnDisconnect. Handlers of different sockets run at
// the same time, at most Options.Workers of them. [Concurrent] lifts the order
// for a handler or a namespace; what else a namespace asks for is set with
// [Namespace.Set].
//
// Deliveries arrive at least once. Work that is lost with this process, or with its
// attachment, before it is settled comes again, here or at another instance of the
// service, with the same [Event.DedupeID] and a greater [Event.Attempt].
//
// # When the connection breaks
//
// A broken stream is not a lost process. The hub keeps what this process holds for 30
// seconds, and the kit comes back within them: handlers go on and settle on the next
// stream, commands get their results, nothing is handled twice. What the hub gave to
// another process meanwhile is revoked: the contexts of its handlers are cancelled,
// and what they say is not heard.
//
// When the hub has forgotten, or is another one, the attachment ends: the contexts of
// its handlers are cancelled with the cause [ErrLeaseLost], commands without a result
// fail with [ErrOutcomeUnknown], and what was not settled comes again. When it is
// another hub, the sockets of the old one have gone, and nobody is left to say so: the
// kit runs OnDisconnect with the reason `hub lost` for each that the program had heard
// of, in this process or in the one that the socket came from: once, by the process that
// holds it.
//
// # Several hubs
//
// The hub that holds a browser delivers what it does, so that a service has a stream to
// each of them: to those of Options.Hub, and to those of which a hub tells. They are
// reached, lost and waited for each by itself; the service is attached while one of them
// is. [Service.Hubs] says how it stands, and [Socket.HubID] who holds a socket. Handlers
// need not know: a command reaches the sockets of all hubs that form a cluster.
//
//   - A hub is lost when another one no longer names it among those that are alive and the
//     stream to it has ended. Its sockets get their OnDisconnect (`hub lost`), its rooms
//     and users are vacated and absent. A hub that was only cut off introduces its sockets
//     again, as new lives. Hubs that form no cluster never name each other: one of them is
//     lost once another process has its address, or its name no longer resolves to it.
//   - OnRoomOccupied and OnUserPresent tell of the first hub that has the room or the user,
//     their counterparts of the last.
//   - A command made in a handler goes to the hub whose delivery it is. All others go to
//     one hub, home, and stay in order there; when its stream ends, what has not left and
//     what comes goes to the next at once. What is for sockets of one other hub alone goes
//     straight to it, and what has an idempotency key to where the key was used before. A query is
//     asked of another hub as well when its own says nothing for 750 ms, and again when it is lost.
//   - An address that leads to another hub than before (one for all hubs) gives up the
//     attachment to the former: what it had not settled comes again, on a stream to the address
//     that the hubs tell of it. One address for each, or dns:///, spares that.
//   - A hub that refuses this process is asked again every Backoff.Max; Run ends when all do.
//
// # The handler's context
//
// Give it to everything that the handler does. Commands made with it carry the
// number of the delivery, so that the hub refuses them once the delivery belongs
// to somebody else; they leave at once, in order, and before the settlement. It
// is cancelled when the delivery is revoked (a [RevokedError]) or its attachment has
// ended: from then on the delivery is another try's business, its commands fail with
// ErrLeaseLost, and what the handler returns is not sent to anybody. It is not
// cancelled when the handler returns; what a goroutine does with it later stands alone.
// A goroutine has to keep the context itself: of one that nobody keeps, the channel of
// Done may stay open for ever.
//
// # Commands
//
// Emit returns once the event is queued: whatever is queued leaves together, and
// in order. A failure in the hub is logged and counted ([Trace]). EmitResult
// waits for the hub's answer, EmitWithAck for that of the browsers; both may wait
// inside a handler, because answers do not stand behind deliveries. Rooms,
// disconnects, data and queries are rare enough to be waited for always, and are
// carried out in the order in which they were made. [Service.Callee] calls other
// services.
//
// A command outside of a handler (a context that is not a handler's) waits for
// a stream while there is none, until its context ends, then fails with
// [ErrUnavailable]. [SafeToRetry] says whether repeating is harmless; with
// [Target.IdempotencyKey] it always is: the hub that knows the key is the only one that
// is asked, and while it is away the outcome stays unknown.
//
// # Who is there
//
// [Target.FetchSockets] and its like ask the hub, which asks the others; an answer that
// lacks one comes with a [MissingHubsError]. A process that keeps something for each
// socket sets [IntroduceOnInstance]: OnConnected runs before anything else of a socket
// on this process, also when the socket moves here, and OnReleased when it moves away.
// With [TrackRooms] a socket's rooms are true without asking. OnRoomOccupied and
// OnUserPresent and their counterparts tell of firsts and lasts.
//
// # Values
//
// Arguments are encoded as encoding/json does, with three differences: []byte is
// a binary attachment wherever it stands (in a struct, a map, a slice), nothing
// is escaped for HTML, and json.RawMessage goes out byte for byte. Bind is the
// way back: []byte takes a binary argument at any depth, json.RawMessage the
// bytes of an argument as the browser sent them. [Payload] carries a whole
// argument list unseen.
//
// # Where to find what
//
// namespace.go, terms.go and register.go are what a program registers;
// subscription.go makes subscriptions of it, whose ids lead back to handlers. run.go is
// one run: runner.go has a link for each address (addresses.go, resolve.go), and link.go
// keeps one address attached by reconnect.go. attach.go says hello, attachment.go is what
// outlives a stream, stream.go one connection, recv.go what comes down, outbox.go what goes
// up. line.go chooses the hub for a command (keys.go remembers some, ask.go asks another one), result.go and
// internal/results wait for what comes of it. internal/lanes runs work.go; lease.go makes
// contexts of it. hubs.go knows which hubs there are and which are lost, peer.go the
// sockets of one, facts.go the rooms and users of all; notice.go is what a hub tells beside
// deliveries.
//
// # Bounds
//
// What is handed over is bounded by Options.Window, handlers by Options.Workers,
// commands by 4096 or 4 MiB that wait to be sent and by the hub's command window.
// What was sent and has no receipt is kept up to 65 536 items or 32 MiB: beyond them a
// broken stream cannot be resumed. Notices wait up to 65 536, observations up to
// Window.Observations; beyond them they are dropped and counted.
//
// # Goroutines and locks
//
// Run is the supervisor: it begins links, forgets those that have ended, and waits for the
// others. Each link has a goroutine, which dials, reconnects with backoff and jitter, and
// keeps the heartbeat; each name that is resolved has one. Each stream has two more:
// recvLoop, which never waits for anything but the stream, and sendLoop, the only one that
// sends. Handlers run on workers, which exist only while there is work (internal/lanes).
// Locks are leaves, but for two that keep what is told in order: hubs.telling is taken
// before all others, and facts.mu before that of the lanes.
package service
