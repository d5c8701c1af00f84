// Package route says which group handles which namespace and event. It is a pure
// table: it never changes, and is read by many goroutines without a lock. Table.Replace
// returns another one, which shares with it what is the same (index.go): a service that
// comes or goes costs what it asks for itself, however many others there are.
//
// A claim is one subscription of one group: a role, a namespace pattern, and for
// handlers and observers event patterns. An authorizer and a handler are one group for
// each pattern; observers are any number. Patterns are exact, or end in `*`:
//
//	/chat      this namespace
//	/org/*     /org/a and /org/a/b, but not /org
//	/*         every namespace but /
//	*          every namespace
//	message    this event
//	chat:*     every event that starts with chat:
//	*          as an event pattern: every event
//
// The most specific pattern wins, namespaces before events: of `/chat` with `*`
// and `/*` with `message`, an event `message` in `/chat` goes to the first. A
// namespace pattern whose events do not fit is passed over for the next one. The claims of
// groups that have been away for long come last (Late).
package route
