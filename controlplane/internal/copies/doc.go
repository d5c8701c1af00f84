// Package copies gives observers what they have asked to see: connects, events, disconnects,
// decisions, emits, drops and connects that failed.
//
//	Observers.Event, Connected, …            the goroutine that brings it
//	   │ who observes the namespace: an audience, made of Hall.Observers
//	   ▼
//	 one instance of each group ──► its Copies, a ring     a few pointers, no message
//	                                   │
//	                                   ▼ Each              the instance's sender
//	                                 items, made when there is room to send them
//
// Observers delay nobody: a full ring leaves out its oldest copy, and the next one that is
// sent says how many are missing. An event that nobody observes costs a look at the seats,
// and no allocation; neither does a copy once its ring has grown.
//
// Which copies an observer wants, and which of several instances gets one, are the questions
// of internal/observe. Nothing here waits, is redelivered, or survives its attachment.
//
// The package starts no goroutine. The locks of Copies and of the audiences are leaves; no
// lock is held while the sender is nudged, or while messages are made.
package copies
