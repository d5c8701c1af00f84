package reach

import (
	"net"
	"strings"
)

// Port is where a hub's control listener is, unless it is told otherwise.
const Port = "7420"

// WithPort adds Port to a name or an IP address that has none. An IPv6 address wants its brackets, and what has another
// colon is left as it is.
func WithPort(address string) string {
	bracketed := strings.HasPrefix(address, "[") && strings.HasSuffix(address, "]")
	if address == "" || strings.Contains(address, ":") && !bracketed {
		return address
	}
	return net.JoinHostPort(strings.Trim(address, "[]"), Port)
}
