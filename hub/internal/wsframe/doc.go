// Package wsframe reads and makes the frames of WebSockets, of which it knows the bytes alone: no connection, no
// session, and of Engine.IO only how a message begins. That a browser's messages may have to wait is why it asks that.
//
// Input is where a reader puts what has arrived. Input.Next finds by a look at the frame headers what makes a whole
// message, takes the masks off, and hands it out where it stands; what is not whole stays, and nothing is copied
// that has not been sent in fragments. The rules for frames stand in header.violation, those for close frames in
// readClose. A Fault is what the browser may not send, Closed its close frame.
//
// PutHeader writes the header in front of a message; Close and Pong make control frames. Nothing is compressed:
// RSV1Checker holds those to the rules who let another library do that.
//
// # Goroutines and locks
//
// There are none. An Input is its reader's alone; Inputs are pooled, and lent for as long as bytes wait in them.
//
// Spec: RFC 6455; RFC 7692, 6.1.
package wsframe
