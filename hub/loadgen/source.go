package loadgen

import (
	"context"
	"net"
	"net/url"
	"runtime"
	"sync/atomic"
)

// perSource is how many connections come from one address of this machine. Linux
// looks for a free port by trying every other one of 28 000: beyond 14 000
// to one server a connect takes milliseconds of CPU.
const perSource = 10_000

// newDial connects to a server. With more connections than one address is good for,
// those to 127.0.0.1 come from several of that network.
func newDial(server *url.URL, connections int) func(ctx context.Context, network, address string) (net.Conn, error) {
	plain := &net.Dialer{Timeout: stepTimeout}
	if runtime.GOOS != "linux" || server.Hostname() != "127.0.0.1" || connections <= perSource {
		return plain.DialContext
	}
	var count atomic.Int64
	sources := int64(connections/perSource + 1)
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		from := *plain
		from.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+count.Add(1)%min(sources, 250)))}
		return from.DialContext(ctx, network, address)
	}
}
