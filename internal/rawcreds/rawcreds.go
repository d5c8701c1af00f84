package rawcreds

import (
	"context"
	"net"

	"google.golang.org/grpc/credentials"
)

// Wrap returns credentials that do what others do, on connections that are read and
// written raw. They are safe for concurrent use as those are.
func Wrap(c credentials.TransportCredentials) credentials.TransportCredentials { return wrapped{c} }

type wrapped struct {
	credentials.TransportCredentials
}

// ClientHandshake implements credentials.TransportCredentials.
func (w wrapped) ClientHandshake(ctx context.Context, authority string, c net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return w.TransportCredentials.ClientHandshake(ctx, authority, raw(c))
}

// ServerHandshake implements credentials.TransportCredentials.
func (w wrapped) ServerHandshake(c net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return w.TransportCredentials.ServerHandshake(raw(c))
}

// Clone implements credentials.TransportCredentials.
func (w wrapped) Clone() credentials.TransportCredentials {
	return wrapped{w.TransportCredentials.Clone()}
}
