package admin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/pprof"
)

// Options are what the handler asks.
type Options struct {
	// Status describes the hub. Required. Its Ready decides /readyz.
	Status func() Status
	// Metrics serves /metrics. Nil leaves the path out.
	Metrics http.Handler
	// Hosts are names by which the listener is reached, beside IP addresses and localhost.
	Hosts []string
}

// New returns the handler of the admin listener.
func New(o Options) http.Handler {
	mux := http.NewServeMux()
	handleHealth(mux, func() string { return o.Status().NotReady })
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		_ = enc.Encode(o.Status()) // the reader has gone; nobody is left to tell
	})
	if o.Metrics != nil {
		mux.Handle("GET /metrics", o.Metrics)
	}
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		text(w, http.StatusOK, "/healthz\n/readyz\n/status\n/metrics\n/debug/pprof/")
	})
	return onlyKnownHosts(o.Hosts, mux)
}

func text(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, body)
}
