package service

import (
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"math"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/siohub/siohub/internal/reach"
)

// The defaults of Options, and the limits that the contract sets.
const (
	defaultPort             = reach.Port
	defaultHub              = "127.0.0.1:" + defaultPort
	defaultWindowDeliveries = 1024
	defaultWindowBytes      = 16 << 20
	defaultObservations     = 1024
	defaultMaxEnvelope      = 4 << 20 // what gRPC takes unless told otherwise
	defaultWorkers          = 1024
	defaultBackoffMin       = 100 * time.Millisecond
	defaultBackoffMax       = 10 * time.Second
	defaultCommandTimeout   = 10 * time.Second
	defaultAckTimeout       = 10 * time.Second
	defaultCloseTimeout     = 10 * time.Second

	maxAckTimeout      = 5 * time.Minute
	maxRetryDelay      = 30 * time.Second
	maxNameBytes       = 128 // group, instance id, version, event, idempotency key
	maxNamespaceBytes  = 256
	maxSubscriptions   = 256
	maxEventsPerSubscr = 256
	maxStatusBytes     = 1024 // of an error's text in a nack
	maxWeight          = 1000
	minEnvelope        = 1 << 20
	maxEnvelope        = 64 << 20
	maxTraceparent     = 128
	maxTracestate      = 512
)

func (o Options) withDefaults() Options {
	setDefault(&o.Hub, defaultHub)
	if o.InstanceID == "" {
		o.InstanceID = newInstanceID()
	}
	setDefault(&o.Window.Deliveries, defaultWindowDeliveries)
	setDefault(&o.Window.Bytes, defaultWindowBytes)
	setDefault(&o.Window.Observations, defaultObservations)
	setDefault(&o.MaxEnvelopeBytes, defaultMaxEnvelope)
	setDefault(&o.Workers, defaultWorkers)
	setDefault(&o.Backoff.Min, defaultBackoffMin)
	if o.Backoff.Max == 0 {
		o.Backoff.Max = max(defaultBackoffMax, o.Backoff.Min)
	}
	setDefault(&o.CommandTimeout, defaultCommandTimeout)
	setDefault(&o.AckTimeout, defaultAckTimeout)
	setDefault(&o.CloseTimeout, defaultCloseTimeout)
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Trace == nil {
		o.Trace = &Trace{}
	}
	return o
}

func setDefault[T comparable](v *T, value T) {
	var zero T
	if *v == zero {
		*v = value
	}
}

// validate expects defaults to be filled in.
func (o Options) validate() error {
	for _, name := range []struct{ field, value string }{
		{"InstanceID", o.InstanceID}, {"Version", o.Version},
	} {
		if len(name.value) > maxNameBytes || !utf8.ValidString(name.value) {
			return optionError(name.field, strconv.Quote(name.value), "UTF-8 of at most 128 bytes")
		}
	}
	for _, n := range []struct {
		field      string
		value, top int
	}{
		{"Window.Deliveries", o.Window.Deliveries, math.MaxInt32},
		{"Window.Bytes", o.Window.Bytes, math.MaxInt32},
		{"Window.Observations", o.Window.Observations, math.MaxInt32},
		{"Workers", o.Workers, 1 << 20},
	} {
		if n.value < 1 || n.value > n.top {
			return optionError(n.field, strconv.Itoa(n.value), "1 to "+strconv.Itoa(n.top))
		}
	}
	for _, d := range []struct {
		field    string
		low, top time.Duration
		value    time.Duration
	}{
		{"Backoff.Min", time.Millisecond, time.Hour, o.Backoff.Min},
		{"Backoff.Max", o.Backoff.Min, time.Hour, o.Backoff.Max},
		{"CommandTimeout", 1, time.Hour, o.CommandTimeout},
		{"AckTimeout", 1, maxAckTimeout, o.AckTimeout},
		{"CloseTimeout", 1, time.Hour, o.CloseTimeout},
	} {
		if d.value < d.low || d.value > d.top {
			return optionError(d.field, d.value.String(), d.low.String()+" to "+d.top.String())
		}
	}
	if o.MaxEnvelopeBytes < minEnvelope || o.MaxEnvelopeBytes > maxEnvelope {
		return optionError("MaxEnvelopeBytes", strconv.Itoa(o.MaxEnvelopeBytes), "1 MiB to 64 MiB")
	}
	if o.Weight < 0 || o.Weight > maxWeight {
		return optionError("Weight", strconv.Itoa(o.Weight), "1 to "+strconv.Itoa(maxWeight))
	}
	if o.Heartbeat != 0 && (o.Heartbeat < time.Second || o.Heartbeat > time.Minute) {
		return optionError("Heartbeat", o.Heartbeat.String(), "1s to 1m")
	}
	for _, address := range splitHubs(o.Hub) {
		if err := notAHub(address); err != nil {
			return err
		}
		if o.inTheClear(address) {
			return &ConfigError{Field: "Options.Token", Problem: "a token for " + address +
				" would travel in the clear; set Options.TLS"}
		}
	}
	return nil
}

func optionError(field, value, allowed string) error {
	return &ConfigError{Field: "Options." + field, Problem: value + " is not allowed: " + allowed}
}

// isLocal reports whether a gRPC target certainly stays on this machine.
func isLocal(target string) bool {
	if strings.HasPrefix(target, "unix:") || strings.HasPrefix(target, "unix-abstract:") {
		return true
	}
	if _, rest, ok := strings.Cut(target, ":///"); ok {
		target = rest
	}
	host, _, err := net.SplitHostPort(target)
	if err != nil {
		host = target
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// newInstanceID is the host's name, for people, and 8 random bytes.
func newInstanceID() string {
	var random [8]byte
	rand.Read(random[:]) // never fails
	host, err := os.Hostname()
	if err != nil || len(host) > 64 || !utf8.ValidString(host) {
		host = "instance"
	}
	return host + "-" + hex.EncodeToString(random[:])
}
