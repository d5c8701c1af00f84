// Package reach is what every client of a hub's control listener needs to know of it: its
// port, the files of TLS, the token in a file, and what gRPC says when the port is another
// one. The Go kit and the commands of `hub` both dial by it, and give the settings their own
// names.
package reach
