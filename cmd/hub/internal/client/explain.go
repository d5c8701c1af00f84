package client

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/siohub/siohub/cmd/hub/internal/terminal"
	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/internal/reach"
)

// Explain turns the error of a call into one line that says what helps. Verb is what
// the call wants to do, in the words of the hub's `identities`.
func (c *Client) Explain(err error, verb string) error {
	s := statusOf(err)
	switch codes.Code(s.GetCode()) {
	case codes.OK:
		return nil
	case codes.Unavailable, codes.Internal, codes.Unknown:
		if advice := c.network(err.Error()); advice != "" && s.GetReason() == "" {
			return errors.New(advice)
		}
	case codes.DeadlineExceeded:
		if s.GetReason() == "" {
			return fmt.Errorf("%s did not answer within %s; --timeout gives it longer", c.options.Address, c.options.Timeout)
		}
	case codes.Unimplemented:
		if s.GetReason() == "" {
			return fmt.Errorf("%s does not know this call: it is another gRPC server, or an older hub (%s)", c.options.Address, terminal.Clean(s.GetMessage()))
		}
	}
	return c.Refused(s, verb)
}

// Refused turns the status of a call, a command or a subscription into one line.
func (c *Client) Refused(s *hubv1.Status, verb string) error {
	switch s.GetCode() {
	case hubv1.Code_CODE_UNAUTHENTICATED:
		return errors.New(c.credential(s))
	case hubv1.Code_CODE_PERMISSION_DENIED:
		return fmt.Errorf("the hub does not permit it: %s; `identities` in its configuration has to permit that, and the verb %s, "+
			"to this identity", text(s), verb)
	case hubv1.Code_CODE_RESOURCE_EXHAUSTED, hubv1.Code_CODE_UNAVAILABLE:
		if retry := s.GetRetryAfter(); retry != nil {
			return fmt.Errorf("the hub cannot do it now: %s; try again in %s", text(s), retry.AsDuration())
		}
	case hubv1.Code_CODE_INTERNAL:
		return fmt.Errorf("the hub failed: %s; its log has the cause", text(s))
	}
	return fmt.Errorf("the hub refused it: %s", text(s))
}

// credential says what is wrong with who asks.
func (c *Client) credential(s *hubv1.Status) string {
	switch s.GetReason() {
	case "TOKEN_WRONG":
		return "the hub does not know this token; check it with `hub token check`, or give another with --token-file or in HUB_TOKEN"
	case "TOKEN_EXPIRED":
		return "the token has expired; give a new one with --token-file or in HUB_TOKEN"
	case "TOKEN_REVOKED":
		return "the token is not valid any more; give a new one with --token-file or in HUB_TOKEN"
	case "CERTIFICATE_MISSING":
		return "the hub wants a client certificate; give it with --tls-cert and --tls-key"
	case "CERTIFICATE_UNKNOWN":
		return "the certificate of --tls-cert names nobody whom the hub's `identities` know: " + text(s)
	case "TOKEN_MISSING":
		return "the hub wants a token; give it with --token-file or in HUB_TOKEN"
	}
	if c.options.Token == "" {
		return "the hub wants a token; give it with --token-file or in HUB_TOKEN"
	}
	return "the hub does not take this token: " + text(s)
}

// network says why the hub was not reached. Empty when it was.
func (c *Client) network(text string) string {
	at := c.options.Address
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(text, p) {
				return true
			}
		}
		return false
	}
	switch {
	case reach.IsHTTP(text):
		return at + " answers HTTP, not gRPC: it may be the port for browsers or the admin listener; give the control listener with --hub, port 7420 by default"
	case has("first record does not look like a TLS handshake"):
		return at + " does not speak TLS; leave out --tls-ca, --tls-cert, --tls-key and --tls-server-name (and HUB_TLS_*)"
	case has("certificate required"):
		return at + " wants a client certificate; give it with --tls-cert and --tls-key"
	case has("bad certificate", "remote error: tls: unknown certificate"):
		return at + " does not take the client certificate of --tls-cert: its authority is not in the hub's control.tls.client_ca, or it has expired"
	case has("certificate signed by unknown authority"):
		return "the certificate of " + at + " is by an authority that is not known here; give that authority with --tls-ca"
	case has("x509: certificate is valid for", "x509: cannot validate certificate for", "x509: certificate is not valid for any names"):
		return "the certificate of " + at + " has another name; give that name with --tls-server-name"
	case has("x509: certificate has expired"):
		return "the certificate of " + at + " has expired"
	case has("no such host", "connection refused", "network is unreachable", "no route to host", "i/o timeout"):
		return fmt.Sprintf("no hub answers at %s; start one with `hub serve`, or give its control listener with --hub", at)
	case c.tls && c.options.Cert == "" && has("broken pipe", "connection reset by peer"):
		// With TLS 1.3 a server that misses a certificate says so after the handshake, and
		// a write may meet the end of the connection first.
		return at + " hangs up after the TLS handshake: if it wants a client certificate, give it with --tls-cert and --tls-key"
	case has("error reading server preface") && !c.tls:
		return at + " hangs up without a word of gRPC: it may want TLS; say --tls-ca FILE or --tls-ca system"
	case has("connection error", "transport is closing", "EOF"):
		return fmt.Sprintf("no hub answers at %s, or it went away; start one with `hub serve`, or give its control listener with --hub", at)
	}
	return ""
}

// statusOf is the Status in the detail of a call's error; without one, its code and text.
func statusOf(err error) *hubv1.Status {
	if errors.Is(err, context.DeadlineExceeded) {
		return &hubv1.Status{Code: hubv1.Code_CODE_DEADLINE_EXCEEDED}
	}
	s := status.Convert(err)
	for _, detail := range s.Details() {
		if d, ok := detail.(*hubv1.Status); ok {
			return d
		}
	}
	return &hubv1.Status{Code: hubv1.Code(s.Code()), Message: s.Message()}
}

// text is what a status says to people.
func text(s *hubv1.Status) string {
	said := s.GetMessage()
	if said == "" {
		said = strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(s.GetCode().String(), "CODE_"), "_", " "))
	}
	if s.GetField() != "" {
		said = s.GetField() + ": " + said
	}
	return terminal.Clean(said)
}
