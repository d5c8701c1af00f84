package origin

import (
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rs/cors"

	"github.com/siohub/siohub/hub/internal/option"
	"github.com/siohub/siohub/hub/internal/request"
	"github.com/siohub/siohub/internal/sampledlog"
)

// Policy decides which pages may talk to the server: one rule for all transports.
// Browsers do not hold a WebSocket to CORS, so without it a foreign page could open one with the
// user's cookies. It may be used from any goroutine.
//
// The reference refuses nothing here.
type Policy struct {
	// headers is nil where no foreign origin is configured: then there is no CORS to speak of.
	headers *cors.Cors
	methods []string // the Access-Control-Allow-Methods of all preflights
	origins []string // patterns in their normal form
	all     bool
	proxies request.Proxies // which say what host a browser has asked for
	log     *sampledlog.Line
}

// New returns the policy of a configuration. It tells logger which origins it refuses.
func New(c Config, proxies request.Proxies, logger *slog.Logger) *Policy {
	p := &Policy{proxies: proxies, log: sampledlog.New(logger, sampledlog.Second)}
	if len(c.Origins) == 0 {
		return p
	}
	p.all = slices.Contains(c.Origins, "*")
	for _, text := range c.Origins {
		if o, ok := option.OriginPattern(text); ok {
			p.origins = append(p.origins, o)
		}
	}
	allowed := c.AllowedHeaders
	if len(allowed) == 0 {
		allowed = []string{"*"} // rs/cors answers with what the browser asks for
	}
	if len(c.Methods) == 0 {
		c.Methods = option.CORSMethods.Default
	}
	p.methods = []string{strings.Join(c.Methods, ",")}
	// rs/cors would leave its headers out of other answers too; browsers ask for the list in preflights alone,
	// and for these three methods never.
	simple := []string{http.MethodGet, http.MethodHead, http.MethodPost}
	options := cors.Options{
		AllowedMethods: append(simple, c.Methods...), AllowedHeaders: allowed,
		ExposedHeaders: c.ExposedHeaders, AllowCredentials: c.Credentials,
		MaxAge: int(c.MaxAge / time.Second), OptionsPassthrough: true,
	}
	if p.all {
		options.AllowedOrigins = []string{"*"}
	} else {
		options.AllowOriginFunc = p.lists
	}
	p.headers = cors.New(options)
	return p
}

// allows reports whether a page of this origin may come in. Requests without an origin come from no
// page.
func (p *Policy) allows(r *http.Request) bool {
	origins := r.Header["Origin"]
	if len(origins) == 0 {
		return true
	}
	if len(origins) > 1 {
		return false
	}
	return p.all || p.lists(origins[0]) || p.sameHost(origins[0], r)
}

// lists reports whether the configuration names an origin.
func (p *Policy) lists(text string) bool {
	if slices.Contains(p.origins, text) && !strings.Contains(text, "*") {
		return true // nearly always: browsers send the normal form
	}
	origin, ok := option.Origin(text)
	return ok && slices.ContainsFunc(p.origins, func(pattern string) bool { return option.OriginMatches(pattern, origin) })
}

// Preflight answers OPTIONS where CORS is configured and reports whether it did.
func (p *Policy) Preflight(w http.ResponseWriter, r *http.Request) bool {
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

// Verdict is what Check says.
type Verdict uint8

// The verdicts.
const (
	Allowed   Verdict = iota
	Malformed         // the header has characters that none may have
	Foreign           // a page that may not come in; it is logged
)

// Check holds the request's origin against the policy, before anything else is checked: it is the
// same for every transport and for preflights.
func (p *Policy) Check(r *http.Request) Verdict {
	switch {
	case !valid(r):
		return Malformed
	case !p.allows(r):
		p.refused(r)
		return Foreign
	}
	return Allowed
}

// CheckScript is Check for a request that a page may make by a script's address or a form (JSONP): browsers send no
// Origin with a script, whose answer any page can read. Instead of it they say whether it is their own site's, or from
// which page it comes. One that says neither may be no browser, and is allowed where it has no cookies: then it
// gets what anybody gets.
func (p *Policy) CheckScript(r *http.Request) Verdict {
	if verdict := p.Check(r); verdict != Allowed || p.all || len(r.Header["Origin"]) > 0 {
		return verdict
	}
	site := r.Header.Get("Sec-Fetch-Site")
	if site == "same-origin" || site == "none" {
		return Allowed
	}
	page, err := url.Parse(r.Header.Get("Referer"))
	switch {
	case err == nil && page.Host != "":
		if origin := page.Scheme + "://" + page.Host; p.lists(origin) || p.sameHost(origin, r) {
			return Allowed
		}
	case site == "" && len(r.Header["Cookie"]) == 0:
		return Allowed
	}
	p.log.Warn("script of another page refused: add its origin to cors.origins if its pages may connect",
		"referer", request.Cut(r.Header.Get("Referer"), 200), "host", request.Cut(r.Host, 200))
	return Foreign
}

// Decorate adds the CORS headers to an answer. A request with two origins gets none: rs/cors would look
// at the first alone.
func (p *Policy) Decorate(w http.ResponseWriter, r *http.Request) {
	if p.headers != nil && len(r.Header["Origin"]) < 2 {
		p.headers.HandlerFunc(w, r)
	}
}

// refused logs it, and names the option.
func (p *Policy) refused(r *http.Request) {
	p.log.Warn("origin refused: add it to cors.origins if its pages may connect",
		"origin", request.Cut(r.Header.Get("Origin"), 200), "host", request.Cut(r.Host, 200))
}

// valid reports whether the Origin header has characters only that a header may have.
//
// Source: reference 1.3, step 3.
func valid(r *http.Request) bool {
	for _, o := range r.Header["Origin"] {
		for i := 0; i < len(o); i++ {
			if c := o[i]; c < 0x20 && c != '\t' || c == 0x7f {
				return false
			}
		}
	}
	return true
}
