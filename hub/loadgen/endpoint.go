package loadgen

import (
	"context"
	"net"
	"net/url"
)

// transports are the ways to open sessions on a server.
var transports = map[string]func(endpoint) func(context.Context) (transport, error){
	webSocketName: openWebSockets,
	pollingName:   openPolling,
}

// endpoint is where a server takes sessions.
type endpoint struct {
	// url has the query of the transport.
	url  *url.URL
	dial func(ctx context.Context, network, address string) (net.Conn, error)
	// deflate offers permessage-deflate.
	deflate bool
	// spawn starts a goroutine that the run waits for.
	spawn func(func())
}

// newEndpoint reads an address that Validate has taken.
func newEndpoint(c Config, spawn func(func())) endpoint {
	u, _ := url.Parse(c.URL)
	if u.Path == "" || u.Path == "/" {
		u.Path = "/socket.io/"
	}
	query := u.Query()
	query.Set("EIO", "4")
	query.Set("transport", c.Transport)
	u.RawQuery, u.Fragment = query.Encode(), ""
	return endpoint{u, newDial(u, c.files()), c.Deflate, spawn}
}
