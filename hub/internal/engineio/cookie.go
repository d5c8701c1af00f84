package engineio

import (
	"net/http"
	"time"

	"github.com/siohub/siohub/hub/internal/option"
)

// CookieConfig is the cookie that carries the session id, so that a load balancer can be sticky. It
// is set by handshakes over polling and over WebSocket.
type CookieConfig struct {
	// Name defaults to "io".
	Name string
	// Path defaults to "/"; NoPath leaves the attribute out.
	Path   string
	NoPath bool
	// Domain is left out when empty.
	Domain string
	// MaxAge is rounded down to seconds; zero leaves it out.
	MaxAge time.Duration
	// SameSite defaults to http.SameSiteLaxMode.
	SameSite http.SameSite
	// Secure and Partitioned are the attributes of that name.
	Secure, Partitioned bool
	// NotHTTPOnly leaves out HttpOnly.
	NotHTTPOnly bool
}

func (c *CookieConfig) withDefaults() *CookieConfig {
	if c == nil {
		return nil
	}
	cookie := *c
	set(&cookie.Name, option.CookieName.Default)
	set(&cookie.SameSite, http.SameSiteLaxMode)
	if !cookie.NoPath {
		set(&cookie.Path, option.CookiePath.Default)
	}
	return &cookie
}

// set adds the session cookie to a handshake's answer. Unlike the reference, a handshake over
// WebSocket gets it too: load balancers that rely on it would need polling first.
//
// Source: reference 1.10.
func (c *CookieConfig) set(header http.Header, sid string) {
	if c == nil {
		return
	}
	cookie := http.Cookie{
		Name: c.Name, Value: sid, Path: c.Path, Domain: c.Domain,
		MaxAge: int(c.MaxAge / time.Second), SameSite: c.SameSite,
		Secure: c.Secure, Partitioned: c.Partitioned, HttpOnly: !c.NotHTTPOnly,
	}
	header.Add("Set-Cookie", cookie.String())
}
