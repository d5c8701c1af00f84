package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// Fetch asks the hub whose admin listener has the address. The bytes are the
// answer as it came.
func Fetch(ctx context.Context, address string) (*Status, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+host(address)+"/status", nil)
	if err != nil {
		return nil, nil, fmt.Errorf("admin: address: %w", err)
	}
	// One request: no connection is kept, and no proxy stands before loopback.
	transport := &http.Transport{DisableKeepAlives: true}
	res, err := transport.RoundTrip(req)
	if err != nil && strings.Contains(err.Error(), "malformed HTTP") { // the control listener, for example
		return nil, nil, errNotHub
	}
	if err != nil {
		return nil, nil, fmt.Errorf("admin: no answer: %w", err)
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
