// Package mirror is the application service that real clients talk to in test/e2e and test/interop: it hands back what
// it gets, byte for byte, and does to rooms and sockets as it is told.
//
//	auth              {user, rooms, token, quiet}; the token `wrong` is refused with a message and data, `mute` with a message
//	welcome           what a client hears when it is in: its user and its transport, unless it is quiet
//	echo              acknowledged with what came
//	say               answered by the event `said` with what came
//	ask               asked back by the event `question`, and acknowledged with the answer
//	show, give        what a service sees of arguments, and arguments as a service writes them
//	join, leave       of a room
//	tell, poll        the event `told` to a room, the event `question` to everybody in it
//	cast:…            the event `cast` with what came to the room of the event's name
//	kick              the end
//	gone              what the room `watchers` hears of sockets that have left
//
// It has no state, no goroutines and no locks.
package mirror
