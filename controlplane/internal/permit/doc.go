// Package permit says what an identity may do. It is pure: Compile turns rules from
// a configuration into a Set, and a Set answers questions. It knows neither gRPC nor
// the hub.
//
// A rule is a list of names or patterns. What no list names is refused: an empty
// Rules permits nothing. A nil *Set permits everything; it belongs to hubs that
// configure no permissions at all.
//
//	groups      chat, chat-*, *          the group that a hello may name
//	roles       authorizer, handler, observer
//	namespaces  /chat, /org/*, /*, *     of subscriptions, commands and queries
//	events      message, chat:*, *       of subscriptions and of emits
//	rooms       order:*, *               of targets, joins and leaves
//	users       u-1, *                   of targets
//	verbs       attach, emit, …          see Verb
//
// A target names rooms, users, sockets or everybody. Each room and each user that it
// names has to fit; sockets and everybody want `*` in rooms, because a rule that
// names some rooms is a promise that nobody outside of them is reached. Exceptions of
// a target only make it smaller and are not looked at. A command that belongs to a
// delivery may always name the socket of that delivery. Joins and leaves may name any
// socket, because the rooms that they change are what the rule is about.
//
// An observer sees what is about sockets in the rooms and of the users that it names, and
// emits to them. Where the rules name rooms it has to name some of those, where they name
// users alone some of these; sockets want `*` in rooms here too.
//
// A query that lists rooms or users by a prefix needs all that has this prefix.
//
// A question that is itself a pattern (a subscription to `/org/*`) is permitted when
// one pattern of the list covers all of it.
//
// The package starts no goroutine. A Set never changes; it is safe for concurrent
// use.
package permit
