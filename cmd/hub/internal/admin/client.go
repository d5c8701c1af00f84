package admin

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// maxStatusBytes bounds the answer of whatever listens on the address.
const maxStatusBytes = 64 << 20

// host is the address without what a browser would want around it.
func host(address string) string {
	return strings.TrimSuffix(strings.TrimPrefix(address, "http://"), "/")
}

// errNotHub means that something else listens there.
var errNotHub = errors.New("admin: what answers there is not a hub's admin listener, which has port 7421 by default")

// roundTrip makes one request on a connection of its own, which is closed as ctx ends. A Transport of net/http would write a line of its
// own where the server speaks first, as a control listener does.
func roundTrip(ctx context.Context, address string, req *http.Request) (*http.Response, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("admin: no answer: %w", err)
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	req.Close = true
	if err := req.Write(conn); err != nil {
		return nil, fmt.Errorf("admin: no answer: %w", err)
	}
	res, err := http.ReadResponse(bufio.NewReader(io.LimitReader(conn, maxStatusBytes)), req)
	var broken *net.OpError
	switch {
	case err == nil:
		return res, nil
	case errors.As(err, &broken), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("admin: no answer: %w", err)
	}
	return nil, errNotHub
}

// Fetch asks the hub whose admin listener has the address. The bytes are the
// answer as it came.
func Fetch(ctx context.Context, address string) (*Status, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+host(address)+"/status", nil)
	if err != nil {
		return nil, nil, fmt.Errorf("admin: address: %w", err)
	}
	res, err := roundTrip(ctx, host(address), req)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxStatusBytes))
	if err != nil {
		return nil, nil, fmt.Errorf("admin: answer cut off: %w", err)
	}
	if res.StatusCode == http.StatusMisdirectedRequest {
		return nil, nil, errors.New("admin: " + strings.ReplaceAll(strings.TrimSpace(string(body)), "\n", " "))
	}
	var s Status
	if res.StatusCode != http.StatusOK || json.Unmarshal(body, &s) != nil || s.Version == "" {
		return nil, nil, errNotHub
	}
	return &s, body, nil
}
