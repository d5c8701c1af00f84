package config

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/siohub/siohub/controlplane"
	"github.com/siohub/siohub/hub"
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
	// Share is the divisor of the memory limit that bounds the default of a key: 8 for an eighth. Zero: the
	// default does not depend on it.
	Share int64

	// read checks a raw value and stores it.
	read func(raw any, c *Config) error
	// show gives the stored value as it would be written in YAML.
	show func(c *Config) any
	// reset stores the default of a key that is an option of the hub or of the control
	// plane. Nil: Default has it.
	reset func(c *Config)
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

// Default is the default as it would be written in YAML. It must not be changed.
func (k Key) Default() any { return k.show(defaults()) }

// defaults is Default once, as each key asks for its own.
var defaults = sync.OnceValue(Default)

// codec reads and shows one kind of value.
type codec[T any] struct {
	kind, allowed string
	hint          string // follows allowed: how it is written
	parse         func(raw any) (T, bool)
	check         func(T) bool
	show          func(T) any
}

// newKey ties a codec to a place in Config.
func newKey[T any](name string, at func(*Config) *T, c codec[T], help string) Key {
	return Key{
		Name: name, Kind: c.kind, Allowed: c.allowed + c.hint, Help: help,
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

// owner is who an option belongs to: it says what the option may be, and what it is by
// default.
type owner struct {
	allowed   func(key string) string
	otherwise func(key string) any
	check     func(key string, value any) error
}

var ofHub = owner{hub.Allowed, hub.Default, hub.Check}

// ownedKey is newKey for an option of somebody else's.
func ownedKey[T any](o owner, name string, at func(*Config) *T, c codec[T], help string) Key {
	c.allowed = o.allowed(name)
	c.check = func(v T) bool { return o.check(name, v) == nil }
	k := newKey(name, at, c, help)
	k.reset = func(cfg *Config) { *at(cfg) = o.otherwise(name).(T) }
	return k
}

// hubKey is a key of hub.Config.
func hubKey[T any](name string, at func(*Config) *T, c codec[T], help string) Key {
	return ownedKey(ofHub, name, at, c, help)
}

var ofControl = owner{controlplane.Allowed, controlplane.Default, controlplane.Check}

// controlKey is a key of controlplane.Config.
func controlKey[T any](name string, at func(*Config) *T, c codec[T], help string) Key {
	return ownedKey(ofControl, name, at, c, help)
}

// common marks a key for `--help`.
func (k Key) common() Key { k.Common = true; return k }

// secret marks a key that is never printed.
func (k Key) secret() Key { k.Secret = true; return k }

// ofMemory bounds the default by a part of the memory limit.
func (k Key) ofMemory(share int64) Key { k.Share = share; return k }

// group puts keys under a heading.
func group(title string, keys ...Key) []Key {
	for i := range keys {
		keys[i].Group = title
	}
	return keys
}

// Keys returns the table in the order of the documentation. The slice is the
// caller's own.
func Keys() []Key { return slices.Clone(table()) }

var table = sync.OnceValue(newTable)

func newTable() []Key {
	var all []Key
	for _, part := range [][]Key{
		listenKeys(), acmeKeys(), socketIOKeys(), handshakeKeys(), cookieKeys(), corsKeys(), compressionKeys(),
		clientKeys(), namespaceKeys(), limitKeys(), rateKeys(), recoveryKeys(), httpKeys(), controlKeys(), accessKeys(), parkingKeys(), clusterKeys(), engineKeys(), adminUIKeys(), logKeys(),
	} {
		all = append(all, part...)
	}
	return all
}

// Default returns the configuration of a hub that was told nothing.
func Default() *Config {
	c := &Config{
		Listen: ":3000", TLS: BrowserTLS{ACME: ACME{Directory: letsEncrypt}}, Shutdown: Shutdown{Timeout: 25 * time.Second, Spread: 10 * time.Second},
		Control: Control{Listen: "127.0.0.1:7420", TLS: TLS{ClientAuth: "require"}, Reflection: "auto"},
		Admin:   Admin{Listen: "127.0.0.1:7421"},
		AdminUI: AdminUI{Namespace: "/admin", ReadOnly: true, Mode: "production"},
		Log:     Log{Format: "text", Level: "info"},
		Cluster: Cluster{Engine: defaultEngine()},
	}
	for _, k := range table() {
		if k.reset != nil {
			k.reset(c)
		}
	}
	return c
}
