package loadgen

import (
	"context"
	"net/url"
)

// transports are the ways to open sessions on a server.
var transports = map[string]func(endpoint) func(context.Context) (wire, error){
	webSocketName: openWebSockets,
}

// endpoint is where a server takes sessions, with the query of the transport.
type endpoint struct{ url *url.URL }

// newEndpoint reads an address that Validate has taken.
func newEndpoint(server, transport string) endpoint {
	u, _ := url.Parse(server)
	if u.Path == "" || u.Path == "/" {
		u.Path = "/socket.io/"
	}
	query := u.Query()
	query.Set("EIO", "4")
	query.Set("transport", transport)
	u.RawQuery, u.Fragment = query.Encode(), ""
	return endpoint{u}
}
