package relay

import (
	"context"
	"crypto/hmac"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/internal/sampledlog"
)

// helloTime is how long a connection has to prove itself.
const helloTime = 5 * time.Second

// ReceiverConfig says how a Receiver behaves. Every field but Certificates and Trace is required.
type ReceiverConfig struct {
	// HubID is this hub's.
	HubID string
	// Secrets are those that are taken at this moment. None: certificates are to prove who comes, or nothing is.
	Secrets func() [][]byte
	// Certificates: who comes has to show one that TLS has verified.
	Certificates bool
	// Handler answers browsers. What it gets is marked with engineio.PassedOn.
	Handler http.Handler
	// Release answers the poll of a session that waits.
	Release func(sid string)
	// SessionOf is the id of the session that a request is for. Empty: none.
	SessionOf func(r *http.Request) string
	Logger    *slog.Logger
	Trace     *Trace
}

// Receiver is the handler of the listener for other hubs. Its methods may be called at the same time.
type Receiver struct {
	config  ReceiverConfig
	trace   *Trace
	refused *sampledlog.Line

	mu     sync.Mutex // guards the fields below; a leaf
	passed map[*passed]struct{}
	// unproved are connections that have not proved themselves, with what closes them.
	unproved map[net.Conn]*time.Timer
}

// passed is a request that another hub has passed on and that is being answered.
type passed struct{ from, sid string }

// NewReceiver returns one.
func NewReceiver(config ReceiverConfig) *Receiver {
	return &Receiver{
		config: config, trace: config.Trace.withDefaults(),
		passed: make(map[*passed]struct{}), unproved: make(map[net.Conn]*time.Timer),
		refused: sampledlog.New(config.Logger.With("component", component), sampledlog.Second),
	}
}

// caller is a connection on which another hub may have proved itself. What changes is owned by its requests.
type caller struct {
	conn      net.Conn
	challenge string
	tries     int
	secret    []byte
	from      string
	proved    bool
}

type callerKey struct{}

// Configure makes an http.Server that has the limits of one for browsers the one for other hubs. Its headers may be larger by
// headerSlack. Call it before it starts.
func (rc *Receiver) Configure(s *http.Server) {
	s.Handler = rc
	s.IdleTimeout = 4 * idleTime // whoever passes on closes first, and so uses no connection that is being closed
	s.MaxHeaderBytes += headerSlack
	s.Protocols = new(http.Protocols)
	s.Protocols.SetHTTP1(true)
	s.DisableGeneralOptionsHandler = true
	s.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		rc.await(conn)
		return context.WithValue(ctx, callerKey{}, &caller{conn: conn, challenge: newNonce()})
	}
	s.ConnState = func(conn net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			rc.settle(conn)
		}
	}
}

// await closes a connection that has not proved itself by then, unless settle is called before.
func (rc *Receiver) await(conn net.Conn) {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	rc.unproved[conn] = time.AfterFunc(helloTime, func() {
		if rc.settle(conn) {
			rc.trace.Refused(RefusedLate)
			_ = conn.Close()
		}
	})
}

// settle says that a connection has proved itself, or has ended. False: that is known.
func (rc *Receiver) settle(conn net.Conn) bool {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	late, ok := rc.unproved[conn]
	if ok {
		late.Stop()
		delete(rc.unproved, conn)
	}
	return ok
}

// ServeHTTP answers other hubs, and anybody else with 401.
func (rc *Receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, ok := r.Context().Value(callerKey{}).(*caller)
	switch {
	case !ok || rc.config.Certificates && (r.TLS == nil || len(r.TLS.VerifiedChains) == 0):
		rc.refuse(w, r, RefusedCertificate, "cluster.tls.ca")
	case !c.proved:
		rc.greet(w, r, c)
	case !rc.takes(c.secret): // it has been replaced
		rc.refuse(w, r, RefusedProof, "cluster.secret_file")
	default:
		rc.serve(w, r, c)
	}
}

// takes reports whether a secret is still one of those in force.
func (rc *Receiver) takes(secret []byte) bool {
	secrets := rc.config.Secrets()
	return len(secrets) == 0 && len(secret) == 0 ||
		slices.ContainsFunc(secrets, func(s []byte) bool { return hmac.Equal(s, secret) })
}

// greet answers what comes before the proof, and the proof.
func (rc *Receiver) greet(w http.ResponseWriter, r *http.Request, c *caller) {
	said, ok := parseCredentials(r.Header.Get("Authorization"))
	if r.Method != http.MethodGet || r.URL.Path != helloPath || r.ContentLength != 0 || !ok && c.tries > 0 {
		rc.refuse(w, r, RefusedProof, "cluster.secret_file")
		return
	}
	if !ok {
		c.tries = 1
		challenge(w, c)
		return
	}
	h := hello{from: said["from"], to: said["to"], do: said["do"], challenge: c.challenge, nonce: said["nonce"]}
	secret, ok := rc.prove(h, said["proof"])
	if !ok && c.tries < maxTries {
		c.tries++
		challenge(w, c)
		return
	}
	if !ok {
		rc.refuse(w, r, RefusedProof, "cluster.secret_file")
		return
	}
	if h.to != rc.config.HubID && (h.do != doIdentify || h.to != "") {
		rc.trace.Refused(RefusedTarget)
		answerEmpty(w, http.StatusMisdirectedRequest, true)
		return
	}
	switch h.do {
	case doPass:
		c.secret, c.from, c.proved = secret, h.from, true
		rc.settle(c.conn)
	case doRelease:
		rc.release(h.from)
	}
	h.to = rc.config.HubID
	w.Header().Set("Authentication-Info", fmt.Sprintf(scheme+"id=%q proof=%q", h.to, h.proof(secret, sideCalled)))
	answerEmpty(w, http.StatusNoContent, h.do != doPass)
}

// challenge answers with 401 and a new random value.
func challenge(w http.ResponseWriter, c *caller) {
	c.challenge = newNonce()
	w.Header().Set("Www-Authenticate", fmt.Sprintf(scheme+"challenge=%q", c.challenge))
	answerEmpty(w, http.StatusUnauthorized, false)
}

// prove finds the secret that a proof was made with.
func (rc *Receiver) prove(h hello, proof string) (secret []byte, ok bool) {
	secrets := rc.config.Secrets()
	if len(secrets) == 0 {
		secrets = [][]byte{nil}
	}
	for _, s := range secrets {
		if hmac.Equal([]byte(proof), []byte(h.proof(s, sideCaller))) {
			return s, true
		}
	}
	return nil, false
}

// refuse answers with 401 and nothing else, and closes the connection.
func (rc *Receiver) refuse(w http.ResponseWriter, r *http.Request, why Refusal, option string) {
	if c, ok := r.Context().Value(callerKey{}).(*caller); ok {
		rc.settle(c.conn)
	}
	rc.trace.Refused(why)
	rc.refused.Warn("somebody came to the listener for other hubs who is none, or has another secret", "why", string(why),
		"address", r.RemoteAddr, "option", option)
	answerEmpty(w, http.StatusUnauthorized, true)
}

// answerEmpty answers with a status alone.
func answerEmpty(w http.ResponseWriter, status int, over bool) {
	h := w.Header()
	if status != http.StatusNoContent {
		h.Set("Content-Length", "0")
	}
	if over {
		h.Set("Connection", "close")
	}
	w.WriteHeader(status)
}

// serve gives a request of a browser to the handler.
func (rc *Receiver) serve(w http.ResponseWriter, r *http.Request, c *caller) {
	n, err := asBrowser(r)
	if err != nil {
		rc.trace.Refused(RefusedRequest)
		answerEmpty(w, http.StatusBadRequest, true)
		return
	}
	p := &passed{from: c.from, sid: rc.config.SessionOf(n)}
	rc.mu.Lock()
	rc.passed[p] = struct{}{}
	rc.mu.Unlock()
	defer func() {
		rc.mu.Lock()
		defer rc.mu.Unlock()
		delete(rc.passed, p)
	}()
	rc.config.Handler.ServeHTTP(w, engineio.PassedOn(n))
}

// release has the polls answered that came by another hub, which ends.
func (rc *Receiver) release(from string) {
	rc.mu.Lock()
	var sids []string
	for p := range rc.passed {
		if p.from == from {
			sids = append(sids, p.sid)
		}
	}
	rc.mu.Unlock()
	for _, sid := range sids {
		rc.config.Release(sid)
	}
}
