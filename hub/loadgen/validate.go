package loadgen

import (
	"fmt"
	"net/url"
	"slices"
	"time"
)

// ConfigError is a value that Run does not take. Nothing was opened.
type ConfigError struct {
	// Field is the name in Config.
	Field string
	// Value is what it was, in print.
	Value string
	// Allowed says what would have been taken.
	Allowed string
}

// Error implements error.
func (e *ConfigError) Error() string {
	return fmt.Sprintf("loadgen: %s is %s: want %s", e.Field, e.Value, e.Allowed)
}

// Validate checks a configuration as Run does first. The error is a *ConfigError.
func (c Config) Validate() error {
	c = c.withDefaults()
	if !slices.Contains(Scenarios(), c.Scenario) {
		return &ConfigError{"Scenario", fmt.Sprintf("%q", c.Scenario), fmt.Sprintf("one of %v", Scenarios())}
	}
	if transports[c.Transport] == nil {
		return &ConfigError{"Transport", fmt.Sprintf("%q", c.Transport), fmt.Sprintf("one of %v", Transports())}
	}
	if u, err := url.Parse(c.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return &ConfigError{"URL", fmt.Sprintf("%q", c.URL), "http://HOST:PORT or https://HOST:PORT"}
	}
	if err := c.validateNumbers(); err != nil {
		return err
	}
	return c.validateTimes()
}

// The largest of each are far beyond what one process drives; they keep a slip of
// the finger from taking the machine's memory.
func (c Config) validateNumbers() error {
	perNamespace := c.roomsPerNamespace()
	for _, f := range []struct {
		name            string
		value, min, max int
		why             string
	}{
		{"Connections", c.Connections, 1, 1 << 20, ""},
		{"Namespaces", c.Namespaces, 1, c.Connections, ", no more than connections"},
		{"PayloadBytes", c.PayloadBytes, minPayload, 1 << 20, ""},
		{"RoomsPerSocket", c.RoomsPerSocket, 0, min(1000, perNamespace), ", no more than a namespace has rooms"},
		{"Rooms", c.Rooms, 1, c.Connections * max(1, c.RoomsPerSocket), ", so that each has somebody in it"},
		{"InFlight", c.InFlight, 0, 1 << 16, ""},
		{"Burst", c.Burst, 1, 1 << 10, ""},
		{"MaxErrors", c.MaxErrors, 0, 1 << 30, ""},
	} {
		if f.value < f.min || f.value > f.max {
			return &ConfigError{f.name, fmt.Sprint(f.value), fmt.Sprintf("%d to %d%s", f.min, f.max, f.why)}
		}
	}
	for _, f := range []struct {
		name  string
		value float64
	}{{"Rate", c.Rate}, {"ConnectRate", c.ConnectRate}} {
		if f.value != 0 && !(f.value >= 0.01 && f.value <= 1e6) {
			return &ConfigError{f.name, fmt.Sprint(f.value), "0, or 0.01 to 1000000 a second"}
		}
	}
	return nil
}

func (c Config) validateTimes() error {
	for _, f := range []struct {
		name  string
		value time.Duration
	}{{"Warmup", c.Warmup}, {"Duration", c.Duration}} {
		if f.value < time.Millisecond || f.value > 30*24*time.Hour {
			return &ConfigError{f.name, f.value.String(), "1ms to 720h"}
		}
	}
	return nil
}
