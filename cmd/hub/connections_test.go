package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// dialFrom connects from an address of the loopback network.
func dialFrom(t *testing.T, from, host string) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: patience}
	conn, err := d.Dial("tcp", host)
	if err != nil {
		t.Skipf("this system has no address %s: %v", from, err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// answered sends a handshake and returns the status, 0 for none.
func answered(conn net.Conn) int {
	_, _ = io.WriteString(conn, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n")
	a, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0
	}
	return a.StatusCode
}

// counted waits until a metric is at least one.
func counted(t *testing.T, at addresses, metric string) {
	t.Helper()
	waitFor(t, func() bool {
		_, body := get(t, at.admin+"/metrics")
		return strings.Contains(body, metric+" ") && !strings.Contains(body, metric+" 0")
	})
}

// An address that has more connections than it may is told to come later, and another one comes in meanwhile.
func TestServe_ConnectionsOfAnAddress(t *testing.T) {
	p := start(t, with("serve", "--rates-private-addresses", "--rates-open-connections=5")...)
	at := p.ready()
	var in []net.Conn
	for n := range 5 {
		conn := dialFrom(t, "127.0.0.2", at.host())
		if status := answered(conn); status != 200 {
			t.Fatalf("connection %d: %d", n, status)
		}
		in = append(in, conn)
	}
	for range 3 {
		if status := answered(dialFrom(t, "127.0.0.2", at.host())); status != 429 {
			t.Errorf("one too many: %d", status)
		}
	}
	p.find(`level=WARN msg="connections are refused: one address has too many open".* address=127.0.0.2 option=rates.open_connections.*http.trusted_proxies`)
	if status := answered(dialFrom(t, "127.0.0.3", at.host())); status != 200 {
		t.Errorf("another address: %d", status)
	}
	counted(t, at, `hub_limits_reached_total{limit="rates.open_connections"}`)
	counted(t, at, `hub_requests_refused_total{status="429"}`)
	_ = in[0].Close()
	waitFor(t, func() bool { return answered(dialFrom(t, "127.0.0.2", at.host())) == 200 })
}

// Connections that open too fast wait for their turn, and are served then.
func TestServe_ConnectionsTooFastWait(t *testing.T) {
	p := start(t, with("serve", "--rates-private-addresses", "--rates-connections=10", "--rates-connection-burst=5")...)
	at := p.ready()
	begin := time.Now()
	statuses := make(chan int, 15)
	for range cap(statuses) {
		conn := dialFrom(t, "127.0.0.2", at.host())
		go func() { statuses <- answered(conn) }()
	}
	other := dialFrom(t, "127.0.0.3", at.host())
	if status := answered(other); status != 200 {
		t.Errorf("another address: %d", status)
	}
	if len(statuses) == cap(statuses) {
		t.Error("the other address waited")
	}
	for range cap(statuses) {
		if status := <-statuses; status != 200 {
			t.Errorf("answer %d", status)
		}
	}
	if took := time.Since(begin); took < 900*time.Millisecond {
		t.Errorf("took %v", took)
	}
	p.find(`level=WARN msg="connections are accepted later.* address=127.0.0.2 option="rates.connections`)
	counted(t, at, `hub_limits_reached_total{limit="rates.connections"}`)
}

// A connection on which nothing comes, or half a request, is closed in time and counted; one that is idle between two
// requests is closed later and is no fault.
func TestServe_ConnectionsWithoutARequest(t *testing.T) {
	p := start(t, with("serve", "--http-header-timeout=300ms", "--http-idle-timeout=1s")...)
	at := p.ready()
	closed := func(said string) time.Duration {
		conn := dialFrom(t, "127.0.0.1", at.host())
		begin := time.Now()
		if said == "whole" {
			if status := answered(conn); status != 200 {
				t.Errorf("answer %d", status)
			}
		} else {
			_, _ = io.WriteString(conn, said)
		}
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("after %q: %v", said, err)
		}
		return time.Since(begin)
	}
	if took := closed("whole"); took < 900*time.Millisecond {
		t.Errorf("an idle one: after %v", took)
	}
	_, body := get(t, at.admin+"/metrics")
	if strings.Contains(body, "hub_connections_without_request_total{") {
		t.Error("an idle one is counted")
	}
	for kind, said := range map[string]string{"silent": "", "header": "GET /socket.io/?EIO=4 HTTP/1.1\r\nHos"} {
		closed(said)
		counted(t, at, fmt.Sprintf("hub_connections_without_request_total{kind=%q}", kind))
	}
	p.find(`level=WARN msg="connections are closed that send no whole request in time".*option=http.header_timeout`)
}
