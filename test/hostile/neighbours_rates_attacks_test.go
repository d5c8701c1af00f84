package hostile_test

import (
	"io"
	"net"

	"github.com/siohub/siohub/test/hostile"
)

// elsewhere is another address of this machine than the bystanders'.
const elsewhere = "127.0.0.2"

// ofOneUser pours as a browser of the user that all of them are.
func ofOneUser(b []byte) func(*hostile.Probe) {
	return func(p *hostile.Probe) { pour(guest(p, "/user"), b) }
}

// comesAndGoes opens connections from an address of its own, asks for something that is not there and closes them.
func comesAndGoes(p *hostile.Probe) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(elsewhere)}, Deadline: p.Until}
	for {
		c := hostile.Must(d.Dial("tcp", p.Target.Addr))
		_ = c.SetDeadline(p.Until)
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		_, _ = io.Copy(io.Discard, c)
		_ = c.Close()
		blow()
	}
}

// staysSilent opens connections from there and leaves them as they are, a hundred at a time.
func staysSilent(p *hostile.Probe) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(elsewhere)}, Deadline: p.Until}
	var open [100]net.Conn
	defer func() {
		for _, c := range open {
			if c != nil {
				_ = c.Close()
			}
		}
	}()
	for n := 0; ; n = (n + 1) % len(open) {
		if open[n] != nil {
			_, _ = io.Copy(io.Discard, open[n]) // until the hub closes it
			_ = open[n].Close()
		}
		open[n] = hostile.Must(d.Dial("tcp", p.Target.Addr))
		_, _ = io.WriteString(open[n], "GET / HTTP/1.1\r\nHo")
		blow()
	}
}
