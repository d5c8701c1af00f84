package config

import (
	"time"

	"github.com/siohub/siohub/hub"
)

// Config is the effective configuration of a hub process. Its fields follow the
// keys of the table, which says for each the unit, the default and the range.
type Config struct {
	// Listen is the address of the browser listener. Empty: there is the one with TLS alone.
	Listen string
	// TLS is the browser listener with TLS.
	TLS BrowserTLS
	// Insecure allows a control listener without TLS on an address that other
	// machines reach.
	Insecure bool
	// Shutdown says how an orderly end goes.
	Shutdown Shutdown

	// SocketIO has the options that a Socket.IO server knows by the same names.
	SocketIO SocketIO
	// Handshakes says which are refused, and which headers answers have.
	Handshakes Handshakes
	// Cookie describes the cookie of the handshake response.
	Cookie Cookie
	// CORS says which foreign pages may talk to the hub.
	CORS CORS
	// Compression is that of polling responses and of WebSocket messages.
	Compression Compressions
	// HTTP bounds what a request may look like.
	HTTP HTTP
	// Limits bounds what browsers may take. Zero sessions mean no limit here.
	Limits hub.Limits
	// Rates bounds how fast browsers may be.
	Rates Rates

	// Recovery says what is kept for browsers that are away.
	Recovery Recovery

	// Namespaces are the namespaces that exist, as patterns; empty means those
	// that a service ever asked for.
	Namespaces []string
	// StartGrace is the time after the start in which a namespace that nobody
	// serves yet is undecided instead of unknown.
	StartGrace time.Duration
	// Control describes the listener for services and how they are treated.
	Control Control
	// Identities has the rules of services by name. Nil means that whoever is known may
	// do everything.
	Identities map[string]Identity
	// BrowserJWT says where tokens of browsers decide connect attempts.
	BrowserJWT []BrowserJWT
	// Parking bounds what waits for a service that is away.
	Parking Parking

	// Cluster describes how hubs reach each other.
	Cluster Cluster
	// Admin describes the listener for operators.
	Admin Admin
	// AdminUI says whether the Admin UI connects.
	AdminUI AdminUI
	// Log says what is logged, and how.
	Log Log
}

// Shutdown says how an orderly end goes.
type Shutdown struct {
	// Timeout is the most time that it takes.
	Timeout time.Duration
	// Delay is the time before anybody has to leave, Spread the one over which browsers do.
	Delay, Spread time.Duration
}

// SocketIO has the options of the reference server.
type SocketIO struct {
	Path                           string
	AddTrailingSlash               bool
	PingInterval, PingTimeout      time.Duration
	UpgradeTimeout, ConnectTimeout time.Duration
	MaxPayload                     int64
	Parser                         string
	Transports                     []string
	AllowUpgrades                  bool
	AllowEIO3, AllowV09            bool
	ServeClient                    bool
	ClientDir                      string
}

// Cookie has the attributes of the session cookie.
type Cookie struct {
	Enabled                       bool
	Name, Path, Domain, SameSite  string
	HTTPOnly, Secure, Partitioned bool
	MaxAge                        time.Duration
}

// CORS has the options of cross-origin requests.
type CORS struct {
	Origins                                 []string
	Credentials                             bool
	Methods, AllowedHeaders, ExposedHeaders []string
	MaxAge                                  time.Duration
}

// Compressions are those of polling responses and of WebSocket messages.
type Compressions struct {
	HTTP     Compression
	Messages Deflate
}

// Compression says whether messages from a size on are compressed.
type Compression struct {
	Enabled          bool
	Threshold, Level int
}

// Deflate has the options of permessage-deflate.
type Deflate struct {
	Enabled                      bool
	Threshold, Level, WindowBits int
}

// HTTP has the limits of the browser listener.
type HTTP struct {
	HeaderBytes                int
	HeaderTimeout, IdleTimeout time.Duration
	TrustedProxies             []string
	ForwardedHeader            string
	// ProxyProtocol has the keys of the listeners whose connections begin with a header of the PROXY protocol.
	ProxyProtocol []string
	// WebTransportConnections is the limit of connections of QUIC.
	WebTransportConnections int
}

// Control describes the control plane.
type Control struct {
	Listen     string
	Tokens     []string
	TokensFile string
	TLS        TLS
	// JWT are the issuers whose tokens services may show.
	JWT []JWTIssuer
	// Reflection says whether the listener tells its contract: `auto`, `true`, `false`.
	Reflection string
	Connect    Connect
	KeptBytes  int64
	// LeastPercent is what services that take all they can have together at least.
	LeastPercent int
	Window       Window
	Stream       Stream
}

// BrowserTLS has the address of the browser listener with TLS, empty for none, and its files, or where it gets them from.
type BrowserTLS struct {
	Listen, Cert, Key string
	ACME              ACME
}

// ACME says for which hosts an authority issues certificates. Without hosts it is not asked.
type ACME struct {
	Hosts                       []string
	Cache, Email, Directory, CA string
	// ListenHTTP is the address of the listener for HTTP-01. Empty: none.
	ListenHTTP string
}

// TLS has the files of a listener with TLS. Empty means without.
type TLS struct {
	Cert, Key string
	// ClientCA verifies certificates of clients; ClientAuth is `require` or `optional`.
	ClientCA, ClientAuth string
}

// Connect bounds connect attempts.
type Connect struct {
	Try time.Duration
}

// Window bounds the unsettled work of one instance of a service.
type Window struct {
	MaxDeliveries int
	MaxBytes      int64
	TotalBytes    int64
	Commands      int
}

// Stream says how the streams of services are watched.
type Stream struct {
	HelloTimeout, Heartbeat             time.Duration
	SendTimeout, FailoverDelay, Suspend time.Duration
	MaxInstances, MaxCalls              int
}

// Parking bounds what is kept for a service that is away.
type Parking struct {
	SocketEvents, Lifecycle            int
	SocketBytes, GroupBytes, NodeBytes int64
	Age, Routes                        time.Duration
}

// Admin describes the listener for operators.
type Admin struct {
	Listen string
	// Hosts are the names by which it is reached.
	Hosts []string
	// Health is the address of another one, for load balancers. Empty: none.
	Health string
}

// Log says what is logged.
type Log struct {
	// Format is text or json.
	Format string
	// Level is the level of components that Levels does not name.
	Level string
	// Levels maps a component to its level.
	Levels map[string]string
}
