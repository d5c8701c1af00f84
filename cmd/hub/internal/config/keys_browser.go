package config

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

func listenKeys() []Key {
	return group("Listeners and process",
		newKey("listen", func(c *Config) *string { return &c.Listen }, address(),
			"Address for browsers.").common(),
		newKey("control.listen", func(c *Config) *string { return &c.Control.Listen }, address(),
			"Address for application services (gRPC). An address that other machines reach wants `control.tls.cert` or `insecure: true`.").common(),
		newKey("admin.listen", func(c *Config) *string { return &c.AdminListen }, address(),
			"Address of /healthz, /readyz, /metrics, /status and /debug/pprof/. Keep it private.").common(),
		newKey("admin.hosts", func(c *Config) *[]string { return &c.AdminHosts },
			list("host names without a port", isHostName),
			"Names by which the admin listener may be asked. IP addresses, localhost and the name in `admin.listen` always may; another name is answered with 421, so that no page reads it by DNS rebinding."),
		newKey("insecure", func(c *Config) *bool { return &c.Insecure }, boolean(),
			"Allows `control.listen` on an address that other machines reach, without TLS: whoever reaches it reads and writes everything.").common(),
		newKey("shutdown_timeout", func(c *Config) *time.Duration { return &c.ShutdownTimeout },
			duration(0, 10*time.Minute),
			"The most time that an orderly end takes after SIGTERM. Whoever stops the hub has to wait longer: Kubernetes does for 30s, `docker stop` for 10s only."),
		newKey("shutdown.delay", func(c *Config) *time.Duration { return &c.Shutdown.Delay },
			duration(0, 10*time.Minute),
			"Time after SIGTERM in which the hub says that it is not ready and goes on as before, until load balancers have noticed. 5s suits Kubernetes."),
		newKey("shutdown.spread", func(c *Config) *time.Duration { return &c.Shutdown.Spread },
			duration(0, 10*time.Minute),
			"Time over which browsers leave after that, in waves, so that they do not all come to the other hubs at once. Zero: all at once. A hundred a second leave in any case. Together with `shutdown.delay` less than `shutdown_timeout`; the default gives way to half of what these two leave."),
	)
}

// isHostName takes what stands in a Host header before the port.
func isHostName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`/:@[]*?#`, r) })
}

func socketIOKeys() []Key {
	return group("Socket.IO",
		newKey("path", func(c *Config) *string { return &c.SocketIO.Path },
			text("a path that starts with /, without ? and #", isPath),
			"Path under which Socket.IO is served. Clients have to use the same."),
		newKey("add_trailing_slash", func(c *Config) *bool { return &c.SocketIO.AddTrailingSlash }, boolean(),
			"Whether the path is matched with a slash at its end (`addTrailingSlash`)."),
		newKey("ping_interval", func(c *Config) *time.Duration { return &c.SocketIO.PingInterval },
			duration(10*time.Millisecond, time.Hour),
			"Time between a pong and the next ping (`pingInterval`)."),
		newKey("ping_timeout", func(c *Config) *time.Duration { return &c.SocketIO.PingTimeout },
			duration(10*time.Millisecond, time.Hour),
			"Time to wait for a pong before the browser counts as gone (`pingTimeout`)."),
		newKey("upgrade_timeout", func(c *Config) *time.Duration { return &c.SocketIO.UpgradeTimeout },
			duration(10*time.Millisecond, time.Hour),
			"Time that the change from polling to WebSocket may take (`upgradeTimeout`)."),
		newKey("connect_timeout", func(c *Config) *time.Duration { return &c.SocketIO.ConnectTimeout },
			duration(10*time.Millisecond, time.Hour),
			"Time after which a client that joined no namespace is closed (`connectTimeout`)."),
		newKey("max_payload", func(c *Config) *int64 { return &c.SocketIO.MaxPayload }, size(1024, 64<<20),
			"Limit of one POST body and of one WebSocket message (`maxHttpBufferSize`)."),
		newKey("transports", func(c *Config) *[]string { return &c.SocketIO.Transports }, transports(),
			"Transports that browsers may use."),
		newKey("allow_upgrades", func(c *Config) *bool { return &c.SocketIO.AllowUpgrades }, boolean(),
			"Whether a polling session may change to WebSocket (`allowUpgrades`)."),
	)
}

func isPath(s string) bool {
	return strings.HasPrefix(s, "/") && !strings.ContainsAny(s, "?#% \t\r\n\x00") && !strings.Contains(s, "//")
}

// transports is a list with at least one member and none twice.
func transports() codec[[]string] {
	known := []string{"polling", "websocket"}
	c := list("polling, websocket or both", nil)
	c.check = func(items []string) bool {
		sorted := slices.Sorted(slices.Values(items))
		return len(items) > 0 && len(slices.Compact(sorted)) == len(items) &&
			!slices.ContainsFunc(items, func(s string) bool { return !slices.Contains(known, s) })
	}
	return c
}

func cookieKeys() []Key {
	return group("Cookie for load balancers",
		newKey("cookie.enabled", func(c *Config) *bool { return &c.Cookie.Enabled }, boolean(),
			"Sets a cookie with the session id on the handshake response (`cookie`)."),
		newKey("cookie.name", func(c *Config) *string { return &c.Cookie.Name },
			text("a cookie name: letters, digits and !#$%&'*+-.^_`|~", isToken),
			"Name of the cookie."),
		newKey("cookie.path", func(c *Config) *string { return &c.Cookie.Path },
			text("a path that starts with /", isCookieAttribute("/")),
			"Path attribute."),
		newKey("cookie.domain", func(c *Config) *string { return &c.Cookie.Domain },
			text("a domain, or empty for none", func(s string) bool { return s == "" || isCookieAttribute("")(s) }),
			"Domain attribute. Empty leaves it out."),
		newKey("cookie.http_only", func(c *Config) *bool { return &c.Cookie.HTTPOnly }, boolean(),
			"HttpOnly attribute: scripts cannot read the cookie."),
		newKey("cookie.secure", func(c *Config) *bool { return &c.Cookie.Secure }, boolean(),
			"Secure attribute: the cookie travels over HTTPS only."),
		newKey("cookie.same_site", func(c *Config) *string { return &c.Cookie.SameSite }, choice("lax", "strict", "none"),
			"SameSite attribute. `none` wants `cookie.secure`."),
		newKey("cookie.partitioned", func(c *Config) *bool { return &c.Cookie.Partitioned }, boolean(),
			"Partitioned attribute. Wants `cookie.secure`."),
		newKey("cookie.max_age", func(c *Config) *time.Duration { return &c.Cookie.MaxAge },
			duration(0, 400*24*time.Hour),
			"Max-Age attribute. Zero leaves it out: the cookie lives as long as the browser."),
	)
}

// isToken reports whether the text is an RFC 9110 token.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

func isCookieAttribute(prefix string) func(string) bool {
	return func(s string) bool {
		return s != "" && strings.HasPrefix(s, prefix) &&
			!strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ';' || r == ',' })
	}
}

func corsKeys() []Key {
	return group("Pages of other origins",
		newKey("cors.origins", func(c *Config) *[]string { return &c.CORS.Origins },
			list("scheme://host or scheme://host:port each, or * for every origin", isOrigin),
			"Origins whose pages may talk to the hub. Empty: pages of the hub's own host and requests without an Origin header.").common(),
		newKey("cors.credentials", func(c *Config) *bool { return &c.CORS.Credentials }, boolean(),
			"Whether those pages may send cookies. Not together with the origin `*`."),
		newKey("cors.methods", func(c *Config) *[]string { return &c.CORS.Methods },
			list("HTTP methods", isToken), "Methods that a preflight request is told."),
		newKey("cors.allowed_headers", func(c *Config) *[]string { return &c.CORS.AllowedHeaders },
			list("header names", isToken),
			"Request headers that those pages may send. Empty: whichever the preflight request asks for."),
		newKey("cors.exposed_headers", func(c *Config) *[]string { return &c.CORS.ExposedHeaders },
			list("header names", isToken), "Response headers that those pages may read."),
		newKey("cors.max_age", func(c *Config) *time.Duration { return &c.CORS.MaxAge },
			duration(0, 24*time.Hour),
			"How long a browser remembers the answer to a preflight request. Zero leaves it to the browser."),
	)
}

// isOrigin takes exactly what a browser sends in its Origin header. `null` is
// never taken: every sandboxed page has it.
func isOrigin(s string) bool {
	if s == "*" {
		return true
	}
	u, err := url.Parse(s)
	return err == nil && u.Scheme != "" && u.Host != "" && u.Scheme+"://"+u.Host == s
}

func compressionKeys() []Key {
	return group("Compression",
		newKey("http_compression.enabled", func(c *Config) *bool { return &c.HTTPCompression.Enabled }, boolean(),
			"Compresses polling responses for browsers that ask for it (`httpCompression`)."),
		newKey("http_compression.threshold", func(c *Config) *int { return &c.HTTPCompression.Threshold },
			threshold(1, 64<<20), "Smaller responses are left as they are."),
		newKey("per_message_deflate.enabled", func(c *Config) *bool { return &c.PerMessageDeflate.Enabled }, boolean(),
			"Compresses WebSocket messages (`perMessageDeflate`). Costs memory and time for each browser."),
		newKey("per_message_deflate.threshold", func(c *Config) *int { return &c.PerMessageDeflate.Threshold },
			threshold(1, 64<<20), "Smaller messages are left as they are."),
	)
}

func clientKeys() []Key {
	return group("Client files",
		newKey("serve_client", func(c *Config) *bool { return &c.SocketIO.ServeClient }, boolean(),
			"Serves socket.io.js and its sisters under `path` (`serveClient`)."),
		newKey("client_dir", func(c *Config) *string { return &c.SocketIO.ClientDir },
			text("a directory with socket.io.js, such as node_modules/socket.io-client/dist; empty for the embedded files", isClientDir),
			"Directory whose client files are served instead of the embedded ones.").common(),
	)
}
