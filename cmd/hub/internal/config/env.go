package config

import (
	"regexp"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
)

// envPrefix starts the name of every variable of the hub.
const envPrefix = "HUB_"

// Variables that start with HUB_ and are no keys.
const (
	// EnvFile names the YAML file, as --config does.
	EnvFile = "HUB_CONFIG"
	// EnvToken is the bearer token of `hub emit` and of services.
	EnvToken = "HUB_TOKEN"
	// EnvTokenFile names a file with that token.
	EnvTokenFile = "HUB_TOKEN_FILE"
	// EnvTests is what this repository's tests are told by.
	EnvTests = "HUB_E2E"
	// EnvAddress is where services find the hub.
	EnvAddress = "HUB_ADDRESS"
)

// clientEnv are variables of services and of the commands that ask a hub: where it is, who
// asks, and how TLS is spoken with it.
var clientEnv = []string{
	EnvToken, EnvTokenFile, EnvAddress, "HUB_TLS_CA", "HUB_TLS_CERT", "HUB_TLS_KEY", "HUB_TLS_SERVER_NAME",
}

// kubernetes matches the variables that Kubernetes sets in every pod for a
// Service whose name starts with hub. They are nobody's mistake.
var kubernetes = regexp.MustCompile(`^HUB_([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)

// envLayer reads HUB_… variables. An empty variable counts as not set, as
// docker compose writes it for one that is missing.
func envLayer(environ []string) (layer, []*Problem) {
	byEnv := map[string]Key{}
	names := append([]string{EnvFile, EnvTests}, clientEnv...)
	for _, k := range Keys() {
		byEnv[k.Env()] = k
		names = append(names, k.Env())
	}
	values := map[string]any{}
	var problems []*Problem
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, envPrefix) || value == "" || isKubernetes(name, value) {
			continue
		}
		if k, ok := byEnv[name]; ok {
			values[k.Name] = value
		} else if !slices.Contains(names, name) {
			problems = append(problems, &Problem{
				Key: name, Source: "the environment", Allowed: "no option has this variable" + didYouMean(name, names),
			})
		}
	}
	l := layer{values: koanf.New("."), source: func(key string) string { return keyByName(key).Env() }}
	if err := l.values.Load(confmap.Provider(values, "."), nil); err != nil {
		problems = append(problems, &Problem{Key: envPrefix, Allowed: err.Error()})
	}
	return l, problems
}

func isKubernetes(name, value string) bool {
	return kubernetes.MatchString(name) ||
		(strings.HasSuffix(name, "_PORT") && (strings.HasPrefix(value, "tcp://") || strings.HasPrefix(value, "udp://")))
}

// debugPatterns reads DEBUG=engine*,-engineio as Socket.IO's users write it.
func debugPatterns(environ []string) []string {
	for _, pair := range slices.Backward(environ) {
		if value, ok := strings.CutPrefix(pair, "DEBUG="); ok {
			return strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
		}
	}
	return nil
}
