package config

import (
	"strings"
	"time"
)

func listenKeys() []Key {
	return group("Listeners and process",
		newKey("listen", func(c *Config) *string { return &c.Listen }, maybeAddress(),
			"Address for browsers.").common(),
		newKey("listen_tls", func(c *Config) *string { return &c.TLS.Listen }, maybeAddress(),
			"Address for browsers with TLS, beside `listen` or in its place: HTTP/1.1, with WebSocket, and HTTP/2. Wants `tls.cert` and `tls.key`, or `tls.acme.hosts`.").common(),
		newKey("tls.cert", func(c *Config) *string { return &c.TLS.Cert },
			text("a PEM file with the certificate and its chain; empty for none", nil),
			"Certificate of `listen_tls`, read again when it changes."),
		newKey("tls.key", func(c *Config) *string { return &c.TLS.Key },
			text("a PEM file with the private key; empty for none", nil),
			"Its private key."),
		newKey("control.listen", func(c *Config) *string { return &c.Control.Listen }, address(),
			"Address for application services (gRPC). An address that other machines reach wants `control.tls.cert` or `insecure: true`.").common(),
		newKey("admin.listen", func(c *Config) *string { return &c.Admin.Listen }, address(),
			"Address of /healthz, /readyz, /metrics, /status and /debug/pprof/. Keep it private.").common(),
		newKey("admin.hosts", func(c *Config) *[]string { return &c.Admin.Hosts },
			list("host names without a port", isHostName),
			"Names by which the admin listener may be asked. IP addresses, localhost and the name in `admin.listen` always may; another name is answered with 421, so that no page reads it by DNS rebinding."),
		newKey("health.listen", func(c *Config) *string { return &c.Admin.Health }, maybeAddress(),
			"Address of /healthz and /readyz alone, for load balancers on other machines: it shows nothing else, and is asked by any name."),
		newKey("insecure", func(c *Config) *bool { return &c.Insecure }, boolean(),
			"Allows `control.listen` on an address that other machines reach, without TLS: whoever reaches it reads and writes everything.").common(),
		newKey("shutdown_timeout", func(c *Config) *time.Duration { return &c.Shutdown.Timeout },
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
		hubKey("path", func(c *Config) *string { return &c.SocketIO.Path }, texts(),
			"Path under which Socket.IO is served. Clients have to use the same."),
		hubKey("add_trailing_slash", func(c *Config) *bool { return &c.SocketIO.AddTrailingSlash }, boolean(),
			"Whether the path is matched with a slash at its end (`addTrailingSlash`)."),
		hubKey("ping_interval", func(c *Config) *time.Duration { return &c.SocketIO.PingInterval },
			durations(),
			"Time between a pong and the next ping (`pingInterval`); Socket.IO clients 1 and 2 ping by themselves."),
		hubKey("ping_timeout", func(c *Config) *time.Duration { return &c.SocketIO.PingTimeout },
			durations(),
			"Time to wait for a pong before the browser counts as gone (`pingTimeout`); with Socket.IO clients 1 and 2 for a ping, beyond `ping_interval`."),
		hubKey("upgrade_timeout", func(c *Config) *time.Duration { return &c.SocketIO.UpgradeTimeout },
			durations(),
			"Time that the change from polling to another transport may take (`upgradeTimeout`), and the beginning of a session over WebTransport."),
		hubKey("connect_timeout", func(c *Config) *time.Duration { return &c.SocketIO.ConnectTimeout },
			durations(),
			"Time after which a client that joined no namespace is closed (`connectTimeout`)."),
		hubKey("max_payload", func(c *Config) *int64 { return &c.SocketIO.MaxPayload }, sizes(),
			"Limit of one POST body and of one message of a WebSocket or WebTransport (`maxHttpBufferSize`)."),
		hubKey("parser", func(c *Config) *string { return &c.SocketIO.Parser }, words(),
			"Form of packets (`parser`): `msgpack` for clients that use socket.io-msgpack-parser. With `both` the first packet of a session decides. Services see JSON either way (`docs/msgpack.md`)."),
		hubKey("transports", func(c *Config) *[]string { return &c.SocketIO.Transports }, lists(),
			"Transports that browsers may use. `webtransport` opens the UDP port of the same number as that of `listen_tls`, which it wants, with the same certificate, and is offered as an upgrade beside WebSocket (`docs/transports.md`)."),
		hubKey("allow_upgrades", func(c *Config) *bool { return &c.SocketIO.AllowUpgrades }, boolean(),
			"Whether a polling session may change to another transport (`allowUpgrades`)."),
		hubKey("allow_eio3", func(c *Config) *bool { return &c.SocketIO.AllowEIO3 }, boolean(),
			"Whether Socket.IO clients 1 and 2 may connect, which speak Engine.IO 3 (`allowEIO3`). There the public socket id is the session id, and with it the credential of a polling session: see `docs/security.md`. Not with parser `msgpack`."),
		hubKey("allow_v09", func(c *Config) *bool { return &c.SocketIO.AllowV09 }, boolean(),
			"Whether Socket.IO clients 0.9 may connect, over WebSocket and polling. They have no binary: what is emitted to them with attachments is dropped, counted in `hub_limits_reached_total` under this key, and logged. They may hold a quarter of `limits.unfinished_bytes` and of `limits.outbox_total_bytes` beside what others may. Not with parser `msgpack`. See `docs/clients.md`."),
	)
}

func cookieKeys() []Key {
	return group("Cookie for load balancers",
		hubKey("cookie.enabled", func(c *Config) *bool { return &c.Cookie.Enabled }, boolean(),
			"Sets a cookie with the session id on the handshake response (`cookie`)."),
		hubKey("cookie.name", func(c *Config) *string { return &c.Cookie.Name }, texts(),
			"Name of the cookie."),
		hubKey("cookie.path", func(c *Config) *string { return &c.Cookie.Path }, texts(),
			"Path attribute. Empty leaves it out."),
		hubKey("cookie.domain", func(c *Config) *string { return &c.Cookie.Domain }, texts(),
			"Domain attribute. Empty leaves it out."),
		hubKey("cookie.http_only", func(c *Config) *bool { return &c.Cookie.HTTPOnly }, boolean(),
			"HttpOnly attribute: scripts cannot read the cookie."),
		hubKey("cookie.secure", func(c *Config) *bool { return &c.Cookie.Secure }, boolean(),
			"Secure attribute: the cookie travels over HTTPS only."),
		hubKey("cookie.same_site", func(c *Config) *string { return &c.Cookie.SameSite }, words(),
			"SameSite attribute. `none` wants `cookie.secure`."),
		hubKey("cookie.partitioned", func(c *Config) *bool { return &c.Cookie.Partitioned }, boolean(),
			"Partitioned attribute. Wants `cookie.secure`."),
		hubKey("cookie.max_age", func(c *Config) *time.Duration { return &c.Cookie.MaxAge },
			durations(),
			"Max-Age attribute. Zero leaves it out: the cookie lives as long as the browser."),
	)
}

func corsKeys() []Key {
	return group("Pages of other origins",
		hubKey("cors.origins", func(c *Config) *[]string { return &c.CORS.Origins }, lists(),
			"Origins whose pages may talk to the hub, of apps such as `capacitor://localhost` as well. Empty: pages of the hub's own host and requests without an Origin header.").common(),
		hubKey("cors.credentials", func(c *Config) *bool { return &c.CORS.Credentials }, boolean(),
			"Whether those pages may send cookies. Not together with the origin `*`."),
		hubKey("cors.methods", func(c *Config) *[]string { return &c.CORS.Methods }, lists(), "Methods that a preflight request is told."),
		hubKey("cors.allowed_headers", func(c *Config) *[]string { return &c.CORS.AllowedHeaders }, lists(),
			"Request headers that those pages may send. Empty: whichever the preflight request asks for."),
		hubKey("cors.exposed_headers", func(c *Config) *[]string { return &c.CORS.ExposedHeaders }, lists(), "Response headers that those pages may read."),
		hubKey("cors.max_age", func(c *Config) *time.Duration { return &c.CORS.MaxAge },
			durations(),
			"How long a browser remembers the answer to a preflight request. Zero leaves it to the browser."),
	)
}

func compressionKeys() []Key {
	return group("Compression",
		hubKey("http_compression.enabled", func(c *Config) *bool { return &c.Compression.HTTP.Enabled }, boolean(),
			"Compresses polling responses for browsers that ask for it (`httpCompression`)."),
		hubKey("http_compression.threshold", func(c *Config) *int { return &c.Compression.HTTP.Threshold },
			thresholds(), "Smaller responses are left as they are."),
		hubKey("http_compression.level", func(c *Config) *int { return &c.Compression.HTTP.Level }, counts(),
			"From 1, the fastest, to 9, the smallest."),
		hubKey("per_message_deflate.enabled", func(c *Config) *bool { return &c.Compression.Messages.Enabled }, boolean(),
			"Compresses WebSocket messages for browsers that offer it (`perMessageDeflate`): a broadcast once, not for each browser. Each idle one that has agreed to it costs 11 KiB more, as a goroutine reads it (`docs/scaling.md`); what compresses is bounded by `limits.compressors`. Each message is compressed by itself (`serverNoContextTakeover` and `clientNoContextTakeover` are always on)."),
		hubKey("per_message_deflate.threshold", func(c *Config) *int { return &c.Compression.Messages.Threshold },
			thresholds(), "Smaller messages are left as they are."),
		hubKey("per_message_deflate.level", func(c *Config) *int { return &c.Compression.Messages.Level }, counts(),
			"From 1, the fastest, to 9, the smallest (`zlibDeflateOptions`). Without effect where the window is smaller than 15."),
		hubKey("per_message_deflate.window_bits", func(c *Config) *int { return &c.Compression.Messages.WindowBits }, counts(),
			"Largest window, as a power of two, that browsers need for what they are sent (`serverMaxWindowBits`). A browser may ask for less. What it sends is read with any."),
	)
}

func clientKeys() []Key {
	return group("Client files",
		hubKey("serve_client", func(c *Config) *bool { return &c.SocketIO.ServeClient }, boolean(),
			"Serves socket.io.js and its sisters under `path` (`serveClient`)."),
		hubKey("client_dir", func(c *Config) *string { return &c.SocketIO.ClientDir }, texts(),
			"Directory whose client files are served instead of the embedded ones.").common(),
	)
}
