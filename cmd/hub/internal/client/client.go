package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/internal/reach"
)

// Options say which hub, and who asks.
type Options struct {
	// Address of the control listener, HOST:PORT, or HOST with port 7420. Required.
	Address string
	// Token is the bearer token. Empty reads TokenFile; both empty send none.
	Token string
	// TokenFile is a file whose first line that is not empty is the token.
	TokenFile string
	// CA is a PEM file with the authorities that the hub's certificate is checked
	// against, or `system`. Cert and Key are the certificate that is shown to the hub.
	// ServerName is the name that the hub's certificate has, where it is not the host of
	// Address. One of them turns TLS on.
	CA, Cert, Key, ServerName string
	// Insecure lets the token go to another machine without TLS.
	Insecure bool
	// Timeout is how long one call may take. Zero means 10 s.
	Timeout time.Duration
}

// Client is a connection to the control listener of a hub.
type Client struct {
	options Options
	tls     bool
	conn    *grpc.ClientConn
}

// UsageError is an option that cannot be.
type UsageError struct{ text string }

// Error implements error.
func (e *UsageError) Error() string { return e.text }

func usage(format string, args ...any) error { return &UsageError{fmt.Sprintf(format, args...)} }

// Dial prepares a connection; the first call opens it. An option that cannot be is a
// *UsageError.
func Dial(o Options) (*Client, error) {
	o.Address = reach.WithPort(o.Address)
	if err := checkAddress(o.Address); err != nil {
		return nil, err
	}
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Token == "" && o.TokenFile != "" {
		token, err := readToken(o.TokenFile)
		if err != nil {
			return nil, err
		}
		o.Token = token
	}
	transport, secure, err := o.transport()
	if err != nil {
		return nil, err
	}
	if o.Token != "" && !secure && !o.Insecure && !isOwnMachine(o.Address) {
		return nil, usage("the token would go to %s in the clear; say --tls-ca system, or --tls-ca FILE for your own authority, "+
			"or --insecure where the network is safe", o.Address)
	}
	conn, err := grpc.NewClient("passthrough:///"+o.Address, grpc.WithTransportCredentials(transport), grpc.WithPerRPCCredentials(bearer(o.Token)))
	if err != nil {
		return nil, usage("--hub %s: %v", o.Address, err)
	}
	return &Client{options: o, tls: secure, conn: conn}, nil
}

// Close ends the connection.
func (c *Client) Close() { _ = c.conn.Close() } // its error says only that it was closed before

// Control are the unary calls.
func (c *Client) Control() hubv1.ControlServiceClient { return hubv1.NewControlServiceClient(c.conn) }

// Attach is the stream.
func (c *Client) Attach() hubv1.AttachServiceClient { return hubv1.NewAttachServiceClient(c.conn) }

// Within returns a context that ends when a call has taken too long.
func (c *Client) Within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.options.Timeout)
}

// Do carries out one command. Its error is explained already.
func (c *Client) Do(ctx context.Context, verb string, command *hubv1.Command) (*hubv1.Result, error) {
	ctx, cancel := c.Within(ctx)
	defer cancel()
	resp, err := c.Control().Execute(ctx, &hubv1.ExecuteRequest{Commands: []*hubv1.Command{command}})
	if err != nil {
		return nil, c.Explain(err, verb)
	}
	if len(resp.GetResults()) != 1 {
		return nil, fmt.Errorf("%s gave %d results to one command", c.options.Address, len(resp.GetResults()))
	}
	result := resp.GetResults()[0]
	if result.GetStatus().GetCode() != hubv1.Code_CODE_UNSPECIFIED {
		return nil, c.Refused(result.GetStatus(), verb)
	}
	return result, nil
}

// checkAddress recognises an address that is meant for browsers.
func checkAddress(address string) error {
	if scheme, rest, found := strings.Cut(address, "://"); found {
		host, _, _ := strings.Cut(rest, "/")
		return usage("--hub %s: %s:// is for browsers; give the control listener of the hub as HOST:PORT, "+
			"such as %s, port 7420 by default", address, scheme, control(host))
	}
	if _, port, err := net.SplitHostPort(address); err != nil || port == "" {
		return usage("--hub = %q: want HOST:PORT, such as 127.0.0.1:7420", address)
	}
	return nil
}

// control guesses where the control listener of a host is.
func control(hostport string) string {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), reach.Port)
}

func isOwnMachine(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

func readToken(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	token := reach.Token(data)
	if token == "" {
		return "", errors.New("--token-file: " + path + " is empty")
	}
	return token, nil
}

// bearer shows a token with each call. Empty shows nothing.
type bearer string

// GetRequestMetadata implements credentials.PerRPCCredentials.
func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	if b == "" {
		return nil, nil
	}
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

// RequireTransportSecurity implements credentials.PerRPCCredentials: Dial has decided.
func (bearer) RequireTransportSecurity() bool { return false }
