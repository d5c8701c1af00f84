package engineio

import (
	"net/http"
	"time"
)

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
