package v09

import (
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/request"
	"github.com/siohub/siohub/hub/internal/siopacket"
	"github.com/siohub/siohub/internal/sampledlog"
)

// Key is the option that lets these clients in.
const Key = "allow_v09"

// Engine is what is needed of an engineio.Beside.
type Engine interface {
	Serve(w http.ResponseWriter, r *http.Request, handshake bool, serve http.HandlerFunc)
	OpenStream(w http.ResponseWriter, r *http.Request, stream engineio.Stream) (sid string, ok bool)
	Guesses(r *http.Request) bool
	PassOn(w http.ResponseWriter, r *http.Request, sid string) (answered bool)
	Deny(w http.ResponseWriter, r *http.Request, status int)
	Start(f func())
	Decorate(w http.ResponseWriter, r *http.Request)
}

// Config says how a Server behaves. Every field but the last two is required.
type Config struct {
	// Path is the hub's.
	Path string
	// Transports are those of the hub; "polling" is xhr-polling here.
	Transports []string
	// Silence is the time after which a client is taken to have gone: the heartbeat's interval and timeout.
	Silence time.Duration
	// MaxPayload bounds a body and a message, in bytes; PacketsPerPayload the packets in one.
	MaxPayload        int64
	PacketsPerPayload int
	// UnfinishedBytes bounds what all clients have sent and the engine has not taken, OutboxBytes what it has written and they have not
	// taken.
	UnfinishedBytes, OutboxBytes int64
	// Pace is that of a body or message.
	Pace engineio.Pace
	// Namespaces is how many a client may be in, NamespaceBytes how long a name is at most.
	Namespaces, NamespaceBytes int
	// JSON reads the packets that services send.
	JSON *siopacket.JSON
	// Logger takes the log.
	Logger *slog.Logger
	// LimitReached is told of the key of a limit. Nil calls nothing.
	LimitReached func(key string)
}

// Server is the HTTP handler of clients 0.9. Its methods may be called at the same time.
type Server struct {
	config   Config
	engine   Engine
	prefix   string // of the paths, up to the protocol's number
	answer   string // what a handshake is answered with behind the id
	upgrader *upgrader
	coming   budget // see Config.UnfinishedBytes
	going    budget // see Config.OutboxBytes

	dropping *sampledlog.Line
	limits   map[string]*sampledlog.Line // by their key

	mu    sync.Mutex // guards the field below; a leaf
	links map[string]*link
}

// New returns a server whose sessions are the engine's.
func New(config Config, engine Engine) *Server {
	if config.LimitReached == nil {
		config.LimitReached = func(string) {}
	}
	log := config.Logger.With("component", component)
	seconds := strconv.Itoa(int(math.Ceil(config.Silence.Seconds())))
	var transports []string
	for _, t := range transportNames {
		if slices.Contains(config.Transports, t.today) {
			transports = append(transports, t.name)
		}
	}
	limits := make(map[string]*sampledlog.Line)
	for _, key := range []string{namespacesKey, nameBytesKey} {
		limits[key] = sampledlog.New(log, sampledlog.Second)
	}
	for _, e := range endings {
		limits[e.option] = sampledlog.New(log, sampledlog.Second)
	}
	return &Server{
		config: config, engine: engine, prefix: Prefix(config.Path),
		answer:   ":" + seconds + ":" + seconds + ":" + strings.Join(transports, ","),
		upgrader: newUpgrader(), coming: budget{most: config.UnfinishedBytes}, going: budget{most: config.OutboxBytes},
		dropping: sampledlog.New(log, sampledlog.Second), limits: limits,
		links: make(map[string]*link),
	}
}

// The transports, in the order in which a client is to try them.
const (
	xhrPolling = "xhr-polling"
	webSocket  = "websocket"
)

var transportNames = [...]struct{ name, today string }{
	{webSocket, request.WebSocket}, {xhrPolling, request.Polling},
}

// Prefix is what the paths of Socket.IO 0.9 begin with below the hub's.
func Prefix(path string) string { return strings.TrimSuffix(path, "/") + "/1" }

// Is reports whether a request is one of Socket.IO 0.9.
func Is(r *http.Request, prefix string) bool {
	rest, ok := strings.CutPrefix(r.URL.Path, prefix)
	return ok && (rest == "" || rest[0] == '/') && request.ParseQuery(r.URL.RawQuery).EIO == ""
}

// SessionOf is the session id in the path of a request below a prefix, as polls and posts have it. Empty: it has none.
func SessionOf(path, prefix string) string {
	rest, ok := strings.CutPrefix(path, prefix+"/"+xhrPolling+"/")
	if !ok {
		return ""
	}
	sid, _, _ := strings.Cut(rest, "/")
	return sid
}

// component is what the log says that its lines are of.
const component = "hub"

// Refusals returns what says in the log, once a second at most, that these clients are refused as Key is off. It is safe for
// concurrent use.
func Refusals(logger *slog.Logger) func() {
	line := sampledlog.New(logger.With("component", component), sampledlog.Second)
	return func() {
		line.Warn("browsers are refused: clients of Socket.IO 0.9 are not allowed", "option", Key)
	}
}

// ServeHTTP answers a request of which Is says yes.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.FieldsFunc(strings.TrimPrefix(r.URL.Path, s.prefix), func(c rune) bool { return c == '/' })
	if len(parts) == 0 {
		s.engine.Serve(w, r, true, s.handshake)
		return
	}
	s.engine.Serve(w, r, false, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, parts) })
}

// serve answers a request of a session: transport and id, or the id alone of who leaves.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, parts []string) {
	leaves := false
	for name := range request.Parameters(r.URL.RawQuery) {
		leaves = leaves || name == "disconnect"
	}
	if len(parts) > 2 || len(parts) == 1 && !leaves {
		s.engine.Deny(w, r, http.StatusNotFound)
		return
	}
	sid := parts[len(parts)-1]
	l := s.find(sid)
	switch {
	case l == nil && s.engine.PassOn(w, r, sid):
	case l == nil && s.engine.Guesses(r):
		s.engine.Deny(w, r, http.StatusTooManyRequests)
	case l == nil:
		s.engine.Decorate(w, r)
		respond(w, []byte(notHandshaken))
	case leaves:
		l.leaves()
		s.engine.Decorate(w, r)
		respond(w, nil)
	case !s.offers(parts[0]):
		s.engine.Deny(w, r, http.StatusBadRequest)
	case parts[0] == webSocket:
		s.serveWebSocket(w, r, l)
	case r.Method == http.MethodPost:
		s.servePost(w, r, l)
	case r.Method == http.MethodGet && r.ContentLength == 0:
		s.servePoll(w, r, l)
	default:
		s.engine.Deny(w, r, http.StatusMethodNotAllowed)
	}
}

// offers reports whether clients may use a transport.
func (s *Server) offers(transport string) bool {
	for _, t := range transportNames {
		if t.name == transport {
			return slices.Contains(s.config.Transports, t.today)
		}
	}
	return false
}

// handshake opens a session. It is carried once a transport comes, and ends as any other session that is silent or joins
// nothing if none does.
func (s *Server) handshake(w http.ResponseWriter, r *http.Request) {
	l := &link{ended: s.forget, done: make(chan struct{}), transport: request.Polling, coming: share{of: &s.coming}, going: share{of: &s.going}}
	l.translator = translator{
		json: s.config.JSON, dropped: s.dropped, refused: s.refused,
		namespaces: s.config.Namespaces, namespaceBytes: s.config.NamespaceBytes, maxPayload: s.config.MaxPayload,
	}
	sid, ok := s.engine.OpenStream(w, r, l)
	if !ok {
		return
	}
	s.know(sid, l)
	s.engine.Decorate(w, r)
	respond(w, []byte(sid+s.answer))
}

func (s *Server) find(sid string) *link {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.links[sid]
}

// know adds a link, which may have ended already.
func (s *Server) know(sid string, l *link) {
	l.mu.Lock()
	l.sid = sid
	l.mu.Unlock()
	s.mu.Lock()
	s.links[sid] = l
	s.mu.Unlock()
	select {
	case <-l.done:
		s.forget(l)
	default:
	}
}

// forget removes a link that has ended.
func (s *Server) forget(l *link) {
	l.mu.Lock()
	sid := l.sid
	l.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.links, sid)
}

// dropped counts a packet that a client cannot be sent.
func (s *Server) dropped(p siopacket.Packet, err error) {
	if err != nil {
		s.dropping.Warn("a packet is not sent to a browser: it cannot be read", "err", err)
		return
	}
	s.config.LimitReached(Key)
	s.dropping.Warn("a packet with attachments is not sent to a browser: Socket.IO 0.9 has no binary", "option", Key,
		"type", p.Type.String(), "namespace", p.Namespace, "event", p.Name)
}

// refused counts a namespace that is refused to a client for a limit.
func (s *Server) refused(key string) { s.limit(key, "a namespace is refused") }

// limit counts a limit that a client has reached.
func (s *Server) limit(key, outcome string) {
	s.config.LimitReached(key)
	s.limits[key].Warn("a browser of Socket.IO 0.9 has reached a limit", "option", key, "why", outcome)
}

// respond answers with a text, and reports whether it has left.
func respond(w http.ResponseWriter, text []byte) bool {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	_, err := w.Write(text)
	return err == nil && http.NewResponseController(w).Flush() == nil
}
