package acmecerts

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/siohub/siohub/cmd/hub/internal/filewatch"
	"github.com/siohub/siohub/internal/sampledlog"
)

// Results of requests to the authority.
const (
	// Answered is one that was answered as it should.
	Answered = "answered"
	// Refused is one that was answered with an error.
	Refused = "refused"
	// Unreachable is one without a whole answer.
	Unreachable = "unreachable"
)

const (
	// requestTime is the most that one request takes.
	requestTime = 30 * time.Second
	// pollTime is the most that the authority may let us wait before we ask again whether it is ready.
	pollTime = 3 * time.Second
	// maxRetries is how often a request is sent again that was answered with a temporary error.
	maxRetries = 3
	// maxAnswer bounds an answer.
	maxAnswer = 1 << 20
)

// retryBackoff is that of acme.Client.
func retryBackoff(n int, _ *http.Request, _ *http.Response) time.Duration {
	if n > maxRetries {
		return 0
	}
	return time.Duration(n) * time.Second
}

// authority is the http.RoundTripper to it. autocert keeps to itself why a certificate is not renewed, so this listens.
type authority struct {
	next      http.RoundTripper
	requested func(result string)
	silent    *sampledlog.Line // it does not answer
	refusal   *sampledlog.Line

	running context.Context // ends with Run; set by begin, before the first request
	stop    context.CancelFunc
}

func newAuthority(o Options) (*authority, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if o.CA != "" {
		content, err := filewatch.Read(o.CA)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(content) {
			return nil, errors.New("has no certificate in PEM")
		}
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}
	}
	line := func(logger *slog.Logger) *sampledlog.Line { return sampledlog.New(logger, sampledlog.Second) }
	return &authority{next: transport, requested: o.Requested, silent: line(o.Logger), refusal: line(o.Logger)}, nil
}

func (a *authority) begin(ctx context.Context) { a.running, a.stop = context.WithCancel(ctx) }

// end lets no request through any more.
func (a *authority) end() {
	a.stop()
	a.next.(*http.Transport).CloseIdleConnections()
}

// RoundTrip implements http.RoundTripper. The answer is read whole.
func (a *authority) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), requestTime)
	defer cancel()
	defer context.AfterFunc(a.running, cancel)()
	res, err := a.next.RoundTrip(r.WithContext(ctx))
	var body []byte
	if err == nil {
		body, err = readAnswer(res)
	}
	switch {
	case a.running.Err() != nil:
		return nil, a.running.Err()
	case err != nil:
		a.requested(Unreachable)
		a.silent.Warn("the certificate authority does not answer", "url", r.URL.Redacted(), "error", err, "option", "tls.acme.directory")
		return nil, err
	}
	a.judge(r, res, body)
	if wait, err := strconv.Atoi(res.Header.Get("Retry-After")); err != nil || wait > int(pollTime/time.Second) {
		res.Header.Del("Retry-After") // then it is a second
	}
	return res, nil
}

func readAnswer(res *http.Response) ([]byte, error) {
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	res.Body = io.NopCloser(bytes.NewReader(body))
	return body, err
}

// problem is what is wrong, in the authority's words (RFC 7807).
type problem struct {
	Type   string `json:"type"`
	Detail string `json:"detail"`
}

// answer is what an answer may say of that: by itself, of an order, or of the challenges of an authorization.
type answer struct {
	problem
	Status     any      `json:"status"` // a number in a problem
	Error      *problem `json:"error"`
	Challenges []struct {
		Type  string   `json:"type"`
		Error *problem `json:"error"`
	} `json:"challenges"`
}

// judge counts an answer once, and logs what it refuses: of challenges the first that has failed, as an authorization has
// one that was tried.
func (a *authority) judge(r *http.Request, res *http.Response, body []byte) {
	var said answer
	_ = json.Unmarshal(body, &said) // certificates are no JSON
	switch {
	case res.StatusCode >= http.StatusBadRequest && strings.HasSuffix(said.Type, ":badNonce"):
		a.requested(Answered) // sent again with another one, as is usual
	case res.StatusCode >= http.StatusBadRequest:
		a.refused(r, said.problem, "status", res.StatusCode)
	case said.Status != "invalid":
		a.requested(Answered)
	case said.Error != nil:
		a.refused(r, *said.Error)
	default:
		for _, challenge := range said.Challenges {
			if challenge.Error != nil {
				a.refused(r, *challenge.Error, "challenge", challenge.Type)
				return
			}
		}
		a.refused(r, problem{}, "status", said.Status)
	}
}

func (a *authority) refused(r *http.Request, p problem, attrs ...any) {
	a.requested(Refused)
	a.refusal.Warn("the certificate authority refuses", append([]any{"url", r.URL.Redacted(), "problem", p.Type, "detail", p.Detail}, attrs...)...)
}
