package engineio

import (
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rs/cors"

	"github.com/siohub/siohub/hub/internal/request"
	"github.com/siohub/siohub/internal/sampledlog"
)

// originPolicy decides which pages may talk to the server: one rule for polling and WebSocket.
// Browsers do not hold a WebSocket to CORS, so without it a foreign page could open one with the
// user's cookies.
//
// The reference refuses nothing here.
type originPolicy struct {
	// headers is nil where no foreign origin is configured: then there is no CORS to speak of.
	headers *cors.Cors
	methods []string // the Access-Control-Allow-Methods of all preflights
	origins []string
	all     bool
	log     *sampledlog.Line
}

func newOriginPolicy(c CORSConfig, logger *slog.Logger) *originPolicy {
	p := &originPolicy{log: sampledlog.New(logger, sampledlog.Second)}
	if len(c.Origins) == 0 {
		return p
	}
	p.all = slices.Contains(c.Origins, "*")
	for _, o := range c.Origins {
		p.origins = append(p.origins, strings.ToLower(o))
	}
	allowed := c.AllowedHeaders
	if len(allowed) == 0 {
		allowed = []string{"*"} // rs/cors answers with what the browser asks for
	}
	p.methods = []string{strings.Join(c.Methods, ",")}
	// rs/cors would leave its headers out of other answers too; browsers ask for the list in preflights alone,
	// and for these three methods never.
	simple := []string{http.MethodGet, http.MethodHead, http.MethodPost}
	p.headers = cors.New(cors.Options{
		AllowedOrigins: c.Origins, AllowedMethods: append(simple, c.Methods...), AllowedHeaders: allowed,
		ExposedHeaders: c.ExposedHeaders, AllowCredentials: c.Credentials,
		MaxAge: int(c.MaxAge / time.Second), OptionsPassthrough: true,
	})
	return p
}

// allows reports whether a page of this origin may come in. Requests without an origin come from no
// page.
func (p *originPolicy) allows(r *http.Request) bool {
	origins := r.Header["Origin"]
	if len(origins) == 0 {
		return true
	}
	if len(origins) > 1 {
		return false
	}
	origin := strings.ToLower(origins[0])
	return p.all || slices.Contains(p.origins, origin) || sameHost(origin, r)
}

// sameHost compares host and port. The scheme is left out of it: behind a proxy that ends TLS the
// server does not know its own; where a port is missing it is the origin's scheme that fills it in.
func sameHost(origin string, r *http.Request) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || origin != u.Scheme+"://"+u.Host {
		return false
	}
	port := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	if port == "" {
		return false
	}
	return withPort(u.Host, port) == withPort(strings.ToLower(r.Host), port)
}

func withPort(host, port string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), port)
}

// preflight answers OPTIONS where CORS is configured and reports whether it did.
func (p *originPolicy) preflight(w http.ResponseWriter, r *http.Request) bool {
	if p.headers == nil || r.Method != http.MethodOptions {
		return false
	}
	p.headers.ServeHTTP(w, r, func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		if h["Access-Control-Allow-Methods"] != nil {
			// rs/cors names the one that was asked for. The reference names all.
			h["Access-Control-Allow-Methods"] = p.methods
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return true
}

// check holds the request's origin against the policy, before anything else is checked: it is the
// same for every transport and for preflights.
func (p *originPolicy) check(r *http.Request) (refusal, bool) {
	switch {
	case !validOrigin(r):
		return refusal{code: codeBadRequest}, false
	case !p.allows(r):
		p.refused(r)
		return refusal{code: codeForbidden}, false
	}
	return refusal{}, true
}

// decorate adds the CORS headers to an answer. A request with two origins gets none: rs/cors would look
// at the first alone.
func (p *originPolicy) decorate(w http.ResponseWriter, r *http.Request) {
	if p.headers != nil && len(r.Header["Origin"]) < 2 {
		p.headers.HandlerFunc(w, r)
	}
}

// CORS adds the headers of the origin policy to an answer that is served beside the sessions, such as
// a script. It refuses nothing: an answer without them is of no use to a foreign page.
func (s *Server) CORS(w http.ResponseWriter, r *http.Request) { s.policy.decorate(w, r) }

// refused logs it, and names the option.
func (p *originPolicy) refused(r *http.Request) {
	p.log.Warn("origin refused: add it to cors.origins if its pages may connect",
		"origin", request.Cut(r.Header.Get("Origin"), 200), "host", request.Cut(r.Host, 200))
}

// validOrigin reports whether the Origin header has characters only that a header may have.
//
// Source: reference 1.3, step 3.
func validOrigin(r *http.Request) bool {
	for _, o := range r.Header["Origin"] {
		for i := 0; i < len(o); i++ {
			if c := o[i]; c < 0x20 && c != '\t' || c == 0x7f {
				return false
			}
		}
	}
	return true
}
