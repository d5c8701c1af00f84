package admin

import "net/http"

// NewHealth returns the handler of a listener that load balancers on other machines reach: /healthz and /readyz, by any
// host name, and nothing else. notReady says why browsers and services had better not come, "" when they may.
func NewHealth(notReady func() string) http.Handler {
	mux := http.NewServeMux()
	handleHealth(mux, notReady)
	return mux
}

// handleHealth answers whether the process lives, and whether browsers and services may come.
func handleHealth(mux *http.ServeMux, notReady func() string) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { text(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if why := notReady(); why != "" {
			text(w, http.StatusServiceUnavailable, why)
			return
		}
		text(w, http.StatusOK, "ready")
	})
}
