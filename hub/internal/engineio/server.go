package engineio

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/netpoll"
	"github.com/siohub/siohub/hub/internal/origin"
	"github.com/siohub/siohub/hub/internal/request"
	"github.com/siohub/siohub/hub/internal/unfinished"
	"github.com/siohub/siohub/hub/internal/wsframe"
	"github.com/siohub/siohub/internal/sampledlog"
)

// Server is the HTTP handler of an Engine.IO endpoint and the owner of its sessions. All methods may
// be called at the same time.
type Server struct {
	// Set at construction.
	config    Config
	path      string   // with its final slash
	upgrades  []string // transports that a session may move to from polling
	postHold  time.Duration
	trace     *Trace
	log       *slog.Logger
	policy    *origin.Policy
	headers   answerHeaders
	proxies   request.Proxies
	upgraders map[bool]*upgrader // by whether permessage-deflate has been agreed
	coders    *coders
	pollers   netpoll.Set
	registry  *registry
	heartbeat *heartbeat
	slow      *slowSessions
	tasks     *tasks
	turns     turns

	refusals      *refusals
	limits        *limits
	unfinished    *unfinished.Budget
	unfinishedLog *sampledlog.Line
}

// New returns a server that is ready.
func New(config Config) *Server {
	config = config.withDefaults()
	log := config.Logger.With("component", "engineio")
	s := &Server{
		config:   config,
		path:     strings.TrimSuffix(config.Path, "/") + "/",
		postHold: PostHold,
		upgrades: upgrades(&config),
		trace:    config.Trace,
		log:      log,
		headers:  newAnswerHeaders(config.Handshakes),
		proxies:  request.NewProxies(config.Proxies.Trusted, config.Proxies.Header),
		registry: newRegistry(config.Limits.MaxSessions, config.Others.IDSuffix),
	}
	s.policy = origin.New(config.CORS, s.proxies, log)
	s.refusals = newRefusals(s)
	s.pollers.Log = log
	s.turns = newTurns()
	s.tasks = &tasks{onPanic: s.panicked, turns: s.turns}
	s.limits = newLimits(config.Rates, s)
	s.unfinished = unfinished.New(config.Limits.UnfinishedBytes, config.Limits.UnfinishedTime, s.tasks.run, s.config.crowded)
	s.unfinishedLog = sampledlog.New(log, sampledlog.Second)
	s.slow = newSlowSessions(config.Limits.OutboxTotalBytes, s.tasks, s.trace, log)
	s.upgraders = map[bool]*upgrader{false: newUpgrader(s, false), true: newUpgrader(s, true)}
	s.coders = newCoders(&s.config, s.trace, log)
	s.heartbeat = newHeartbeat(config.Heartbeat.Interval, config.Heartbeat.Timeout,
		func(s *Session) { s.control(keepAlive(s)) },
		endSilent)
	s.heartbeat.pongUnread = func(s *Session) { s.flow.limitTimeout() }
	s.heartbeat.within = s.tasks.run
	return s
}

// upgrades are the transports that a polling session may move to.
func upgrades(c *Config) (list []string) {
	if c.Upgrade.Disabled {
		return nil
	}
	for _, transport := range []string{request.WebSocket, request.WebTransport} {
		if slices.Contains(c.Transports, transport) {
			list = append(list, transport)
		}
	}
	return list
}

// ServeHTTP answers requests under the configured path; any other gets 404.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.tasks.add()
	defer s.tasks.done()
	defer s.tasks.guardRequest()
	s.headers.all.set(w.Header())
	q := request.ParseQuery(r.URL.RawQuery)
	refusals := s.refusals.of(q.SID)
	if q.SID == "" {
		r = s.believed(r)
	}
	check := s.policy.Check
	if q.Script && q.Revision == eiopacket.Revision3 {
		check = s.policy.CheckScript
	}
	if f, ok := checksOf(s).pass(r, check); !ok {
		refusals.answer(w, r, f)
		return
	}
	if s.policy.Preflight(w, r) {
		return
	}
	if q.SID != "" && checksOf(s).speaks(q.Transport) && s.passOn(w, r, q.SID) {
		return
	}
	session, f, ok := checksOf(s).verify(r, q)
	switch {
	case !ok:
		refusals.answer(w, r, f)
	case session == nil:
		s.open(w, r, q)
	case q.Transport == request.WebSocket:
		s.serveProbe(w, r, session)
	default:
		s.servePolling(w, r, session)
	}
}

// Decorate adds Config.Handshakes.AllHeaders and the headers of the origin policy to an answer that is served beside the sessions, such as
// a script. It refuses nothing: an answer without them is of no use to a foreign page.
func (s *Server) Decorate(w http.ResponseWriter, r *http.Request) {
	s.headers.all.set(w.Header())
	s.policy.Decorate(w, r)
}

// SessionCount is the number of sessions, those included that wait for their last poll or for the
// browser's close frame.
func (s *Server) SessionCount() int { return int(s.registry.count.Load()) }

// PollingCount is how many of them are on polling. It looks at each.
func (s *Server) PollingCount() (n int) {
	for _, session := range s.registry.all() {
		if session.TransportName() == request.Polling {
			n++
		}
	}
	return n
}

// UnfinishedBytes is how much there is of messages, bodies and events that are not whole yet.
func (s *Server) UnfinishedBytes() int64 { return s.unfinished.Sum() }

// Close ends all sessions at once, refuses new ones, and returns when the server's goroutines and
// requests have ended, or with the cause of ctx, after which connections are cut. It may be called more
// than once, but not from within a request.
func (s *Server) Close(ctx context.Context) error {
	s.registry.closed.Store(true)
	for _, session := range s.registry.all() {
		session.end(Close{Reason: ReasonServerShuttingDown, Code: wsframe.CloseGoingAway, Detail: "server closed"}, endNow)
	}
	s.heartbeat.stop()
	s.unfinished.Stop()
	s.slow.stop()
	err := s.tasks.wait(ctx)
	pollersEnded := s.pollers.Stop()
	if err == nil {
		pollersEnded()
		return nil
	}
	for _, session := range s.registry.all() {
		session.mu.Lock()
		t := session.transport
		session.mu.Unlock()
		t.cut()
	}
	return err
}

// guard ends the session alone in whose goroutine a panic occurs.
func (s *Session) guard() {
	if v := recover(); v != nil {
		s.server.panicked(v)
		s.end(Close{Reason: ReasonTransportError, Detail: "internal error"}, endAbort)
	}
}

// panicked counts a panic and logs where it came from.
func (s *Server) panicked(v any) {
	s.trace.panicked(v)
	s.log.Error("panic", "value", v, "stack", string(debug.Stack()))
}
