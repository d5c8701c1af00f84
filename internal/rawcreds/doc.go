// Package rawcreds lets gRPC read and write TCP connections by package rawio, at both
// ends of the stream of services.
//
// It wraps transport credentials, because that is where gRPC hands over the connection
// itself: dialing, proxies and socket options stay gRPC's own, and TLS runs on top. What
// is no TCP connection, and all on systems other than Linux, stays as it is.
//
// It starts no goroutine. A connection has a mutex for reads and one for writes, as the
// operation under way lies in it so that none allocates; both are held while it waits.
package rawcreds
