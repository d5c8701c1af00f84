package engineecho

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/option"
	"github.com/siohub/siohub/hub/internal/origin"
)

// Path is where a Server answers.
const Path = "/engine.io/"

// Config are the settings that the suite depends on. Zero fields mean the default.
type Config struct {
	// PingInterval is the time from a pong to the next ping. Default 25 s.
	PingInterval time.Duration
	// PingTimeout is the time that a browser has for its pong. Default 20 s.
	PingTimeout time.Duration
	// MaxPayload bounds a polling body and a WebSocket message, in bytes. Default
	// 1 000 000.
	MaxPayload int64
	// Logger takes the log. Default slog.Default.
	Logger *slog.Logger
}

// Server sends every message of every session back. Pages of any origin may use it.
// Its methods are safe for concurrent use.
type Server struct{ engine *engineio.Server }

// New returns a Server that is ready. It returns an error if a setting is out of
// range.
func New(c Config) (*Server, error) {
	for key, set := range map[string]struct {
		value any
		zero  bool
	}{
		option.PingInterval.Key: {c.PingInterval, c.PingInterval == 0},
		option.PingTimeout.Key:  {c.PingTimeout, c.PingTimeout == 0},
		option.MaxPayload.Key:   {c.MaxPayload, c.MaxPayload == 0},
	} {
		if ok, _ := option.Takes(key, set.value); !ok && !set.zero {
			return nil, fmt.Errorf("engineecho: %s is %v: allowed is %s", key, set.value, option.Allowed(key))
		}
	}
	return &Server{engineio.New(engineio.Config{
		Path:       Path,
		Heartbeat:  engineio.HeartbeatConfig{Interval: c.PingInterval, Timeout: c.PingTimeout},
		MaxPayload: c.MaxPayload,
		// One configuration for the suites of both revisions.
		AllowRevision3: true,
		Rates:          engineio.Rates{Unjoined: -1}, // there are no namespaces
		CORS:           origin.Config{Origins: []string{"*"}},
		OnSession:      func(session *engineio.Session) engineio.Handler { return echo{session} },
		Logger:         c.Logger,
	})}, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.engine.ServeHTTP(w, r) }

// ConfigureHTTP prepares the http.Server that serves s. Call it before Serve.
func (s *Server) ConfigureHTTP(srv *http.Server) { s.engine.ConfigureHTTP(srv) }

// Close ends all sessions and waits for them until ctx ends, whose error it returns
// then.
func (s *Server) Close(ctx context.Context) error { return s.engine.Close(ctx) }

// messageDigit is the packet type that a text message starts with.
const messageDigit = '4'

// echo sends every message of one session back.
type echo struct{ session *engineio.Session }

// HandleMessage implements engineio.Handler.
func (e echo) HandleMessage(data []byte, binary bool) {
	var back *engineio.Message
	if binary {
		back = engineio.NewBinaryMessage(append([]byte(nil), data...), false)
	} else {
		back = engineio.NewTextMessage(append([]byte{messageDigit}, data...), false)
	}
	// A session that has closed or whose browser does not read has nobody left to tell.
	_ = e.session.Send(nil, []*engineio.Message{back}, false)
}

// HandleClose implements engineio.Handler.
func (e echo) HandleClose(engineio.Close) {}
