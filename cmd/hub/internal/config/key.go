package config

import (
	"strings"
	"time"
)

// Key is one row of the table: everything that is known about an option.
type Key struct {
	// Name is the path in YAML, such as `cors.max_age`.
	Name string
	// Kind is the kind of value in a word: duration, size, count, yes/no, text, list, map,
	// structure.
	Kind string
	// Allowed describes the values that are taken.
	Allowed string
	// Help says in one sentence what the option does.
	Help string
	// Group is the heading under which it is documented.
	Group string
	// Common is true for the options that `--help` lists.
	Common bool
	// Secret is true for a value that is never printed and has no flag.
	Secret bool

	// read checks a raw value and stores it.
	read func(raw any, c *Config) error
	// show gives the stored value as it would be written in YAML.
	show func(c *Config) any
}

// Flag is the name of the key's flag without the dashes; empty for a secret,
// because everybody on the machine can read the flags of a process, and for a
// structure, which nobody could type.
func (k Key) Flag() string {
	if k.Secret || k.Kind == "structure" {
		return ""
	}
	return strings.NewReplacer(".", "-", "_", "-").Replace(k.Name)
}

// Env is the name of the key's environment variable.
func (k Key) Env() string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(k.Name, ".", "_"))
}

// Default is the default as it would be written in YAML.
func (k Key) Default() any { return k.show(Default()) }

// codec reads and shows one kind of value.
type codec[T any] struct {
	kind, allowed string
	parse         func(raw any) (T, bool)
	check         func(T) bool
	show          func(T) any
}

// newKey ties a codec to a place in Config.
func newKey[T any](name string, at func(*Config) *T, c codec[T], help string) Key {
	return Key{
		Name: name, Kind: c.kind, Allowed: c.allowed, Help: help,
		read: func(raw any, cfg *Config) error {
			v, ok := c.parse(raw)
			if !ok || (c.check != nil && !c.check(v)) {
				return errValue
			}
			*at(cfg) = v
			return nil
		},
		show: func(cfg *Config) any {
			if c.show == nil {
				return *at(cfg)
			}
			return c.show(*at(cfg))
		},
	}
}

// common marks a key for `--help`.
func (k Key) common() Key { k.Common = true; return k }

// secret marks a key that is never printed.
func (k Key) secret() Key { k.Secret = true; return k }

// group puts keys under a heading.
func group(title string, keys ...Key) []Key {
	for i := range keys {
		keys[i].Group = title
	}
	return keys
}

// Keys returns the table in the order of the documentation. The slice is the
// caller's own.
func Keys() []Key {
	var all []Key
	for _, part := range [][]Key{
		listenKeys(), socketIOKeys(), cookieKeys(), corsKeys(), compressionKeys(),
		clientKeys(), namespaceKeys(), limitKeys(), rateKeys(), httpKeys(), controlKeys(), accessKeys(), parkingKeys(), logKeys(),
	} {
		all = append(all, part...)
	}
	return all
}

// Default returns the configuration of a hub that was told nothing.
func Default() *Config {
	return &Config{
		Listen: ":3000", ShutdownTimeout: 25 * time.Second, Shutdown: Shutdown{Spread: 10 * time.Second},
		SocketIO: SocketIO{
			Path: "/socket.io/", AddTrailingSlash: true,
			PingInterval: 25 * time.Second, PingTimeout: 20 * time.Second,
			UpgradeTimeout: 10 * time.Second, ConnectTimeout: 45 * time.Second,
			MaxPayload: 1_000_000, Transports: []string{"polling", "websocket"},
			AllowUpgrades: true, ServeClient: true,
		},
		Cookie:            Cookie{Name: "io", Path: "/", SameSite: "lax", HTTPOnly: true},
		CORS:              CORS{Methods: []string{"GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"}},
		HTTPCompression:   Compression{Enabled: true, Threshold: 1024},
		PerMessageDeflate: Compression{Threshold: 1024},
		HTTP: HTTP{HeaderBytes: 16 << 10,
			HeaderTimeout: 10 * time.Second, IdleTimeout: 75 * time.Second},
		Limits: Limits{
			MaxSessions: 200_000, OutboxPackets: 1024, OutboxBytes: 1 << 20, EventBytes: 3 << 20,
			PacketsPerPayload: 65_536, Attachments: 10, Depth: 512, Arguments: 4096,
			NamespacesPerClient: 16, RoomsPerSocket: 1024, PendingAcksPerSocket: 256,
			NamespaceBytes: 256, RoomBytes: 256, EventNameBytes: 128, DataBytes: 64 << 10,
			AuthBytes: 16 << 10, Undecided: 10_000, UndecidedBytes: 64 << 20,
			Headers: 100, QueryBytes: 4096,
			UnfinishedBytes: 256 << 20, UnfinishedTime: 30 * time.Second, BodyPace: 1024,
		},
		Rates:      defaultRates(),
		StartGrace: 30 * time.Second,
		Control: Control{
			Listen: "127.0.0.1:7420",
			TLS:    TLS{ClientAuth: "require"}, Reflection: "auto",
			Connect: Connect{Try: 5 * time.Second},
			Window:  Window{MaxDeliveries: 16_384, MaxBytes: 64 << 20, Commands: 4096},
			Stream: Stream{
				HelloTimeout: 5 * time.Second, Heartbeat: 5 * time.Second, SendTimeout: 10 * time.Second,
				FailoverDelay: 800 * time.Millisecond, Suspend: 30 * time.Second, MaxInstances: 1024, MaxCalls: 32,
			},
		},
		Parking: Parking{SocketEvents: 64, SocketBytes: 1 << 20, GroupBytes: 64 << 20,
			NodeBytes: 256 << 20, Age: 5 * time.Minute, Lifecycle: 100_000},
		AdminListen: "127.0.0.1:7421",
		Log:         Log{Format: "text", Level: "info"},
	}
}
