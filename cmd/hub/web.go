package main

import (
	"log"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/siohub/siohub/cmd/hub/internal/config"
	"github.com/siohub/siohub/cmd/hub/internal/silent"
)

// headerSlack is what net/http reads beyond MaxHeaderBytes before it answers 431.
const headerSlack = 4096

// newWebServer returns a server for browsers, with the limits of the configuration. It speaks HTTP/1.1; newDoors adds
// HTTP/2 where there is TLS, for polling: a WebSocket over it (RFC 8441) is not offered, and browsers open a connection
// of HTTP/1.1 for one.
func (f *front) newWebServer(handler http.Handler) *http.Server {
	s := &http.Server{Handler: handler, ErrorLog: httpLog(f.logger)}
	f.hub.ConfigureHTTP(s)
	c := f.config.HTTP
	s.MaxHeaderBytes = c.HeaderBytes - headerSlack
	s.ReadHeaderTimeout = c.HeaderTimeout
	s.IdleTimeout = c.IdleTimeout
	s.Protocols = new(http.Protocols)
	s.Protocols.SetHTTP1(true)
	silent.Watch(s, f.metrics.ConnectionWithoutRequest, f.logger)
	return s
}

// newChallengeServer returns the server of challengesKey, to which strangers come as they come to the others. A request
// has no body that anybody reads, so that it is over when its headers should be, and the connection with it.
func (f *front) newChallengeServer(challenges http.Handler) *http.Server {
	s := f.newWebServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		challenges.ServeHTTP(w, r)
	}))
	s.ReadTimeout = s.ReadHeaderTimeout
	return s
}

// webHandler gives the hub what is under its path and the page the rest, but for WebSockets. Without
// a page all is the hub's, which answers 404 to what is not its own.
func (f *front) webHandler(page http.Handler) http.Handler {
	own := strings.TrimSuffix(f.config.SocketIO.Path, "/")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.ProtoMajor != 1 && r.TLS == nil:
			// The preface of HTTP/2 looks like a request to net/http.
			refuse(w, http.StatusBadRequest)
		case page == nil || strings.HasPrefix(r.URL.Path, own) || strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
			f.hub.ServeHTTP(w, r)
		case headerLines(r.Header) > f.config.Limits.Request.Headers:
			refuse(w, http.StatusRequestHeaderFieldsTooLarge)
		default:
			// Nobody sends a page anything: what is sent is thrown away, but not for ever.
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(f.config.HTTP.HeaderTimeout))
			page.ServeHTTP(w, r)
		}
	})
}

// refuse answers with a status in words and closes the connection.
func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("Connection", "close")
	http.Error(w, http.StatusText(status), status)
}

// headerLines counts lines, not names: a name may stand many times.
func headerLines(h http.Header) int {
	lines := 0
	for _, values := range h {
		lines += len(values)
	}
	return lines
}

// adminHosts are the names by which operators reach the admin listener.
func adminHosts(c *config.Config) []string {
	hosts := slices.Clone(c.Admin.Hosts)
	if host, _, err := net.SplitHostPort(c.Admin.Listen); err == nil && host != "" {
		hosts = append(hosts, host)
	}
	return hosts
}

// newAdminServer returns the server for operators. A profile takes as long as was
// asked for, so there is no limit on the answer, nor on the whole request: a read
// deadline that passes while the profile is taken would end it.
func newAdminServer(handler http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler: handler, ErrorLog: httpLog(logger),
		ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 75 * time.Second, MaxHeaderBytes: 16 << 10,
	}
}

// httpLog takes what net/http has to say of broken requests. They are the
// sender's mistakes and would fill the log at any higher level.
func httpLog(logger *slog.Logger) *log.Logger {
	return slog.NewLogLogger(logger.With("component", "http").Handler(), slog.LevelDebug)
}
