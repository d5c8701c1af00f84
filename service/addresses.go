package service

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/siohub/siohub/internal/reach"
)

// resolveScheme begins a name that stands for a hub at each of its addresses.
const resolveScheme = "dns:///"

// place is where a link dials.
type place struct {
	address string // as gRPC takes it; it names the link
	// serverName is what the hub's certificate names, for an address that a name resolved
	// to. Empty leaves it to gRPC.
	serverName string
	hub        string    // id of the hub that was told to be there; empty: not known
	name       *hostName // whose address it is; nil for others
	conn       grpcConn  // that the caller of RunOn gave; nil: it is dialled
}

// hostName is a name that resolves to hubs.
type hostName struct{ host, port string }

// parseHubs reads Options.Hub.
func parseHubs(list string) (fixed []place, names []*hostName, err error) {
	for _, address := range splitHubs(list) {
		if err := notAHub(address); err != nil {
			return nil, nil, err
		}
		rest, isName := strings.CutPrefix(address, resolveScheme)
		if !isName {
			fixed = append(fixed, place{address: address})
			continue
		}
		host, port, err := net.SplitHostPort(rest)
		if err != nil || host == "" || port == "" {
			return nil, nil, optionError("Hub", address, "dns:///NAME:PORT")
		}
		names = append(names, &hostName{host, port})
	}
	if len(fixed)+len(names) == 0 {
		return nil, nil, optionError("Hub", list, "HOST:PORT or dns:///NAME:PORT, several with commas between them")
	}
	return fixed, names, nil
}

// splitHubs are the addresses of a list, each once.
func splitHubs(list string) (addresses []string) {
	for address := range strings.SplitSeq(list, ",") {
		if address = withPort(strings.TrimSpace(address)); address != "" && !slices.Contains(addresses, address) {
			addresses = append(addresses, address)
		}
	}
	return addresses
}

// withPort adds the port that is left out of an address or of the name behind resolveScheme.
func withPort(address string) string {
	if name, isName := strings.CutPrefix(address, resolveScheme); isName {
		return resolveScheme + reach.WithPort(name)
	}
	return reach.WithPort(address)
}

// inTheClear reports whether a token would be readable on the way to an address: it stays
// unsent then.
func (o Options) inTheClear(address string) bool {
	return (o.Token != "" || o.TokenSource != nil) && o.TLS == nil && len(o.DialOptions) == 0 && !isLocal(address)
}

// follow says whether an address that a hub has told may be dialled, and why not.
func (o Options) follow(address string) (problem string) {
	host, port, err := net.SplitHostPort(address)
	_, number := strconv.ParseUint(port, 10, 16)
	switch {
	case err != nil || number != nil || host == "" || strings.ContainsAny(host, "/ "):
		return "it is not HOST:PORT"
	case o.inTheClear(address):
		return "the token would travel in the clear; set Options.TLS"
	}
	return ""
}
