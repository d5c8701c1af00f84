package controlplane

import (
	"fmt"
	"time"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/internal/shorttime"
)

// option is what is known about a setting that is a number: a time, bytes, or how many.
type option struct {
	otherwise   any // when nobody says anything: a time.Duration, int, or int64
	least, most int64
	unit        string // follows the figures
}

// options are all of them, by their keys in the configuration file. Config says what they mean.
var options = map[string]option{
	"start_grace":           times(30*time.Second, 0, time.Hour),
	"control.connect.try":   times(5*time.Second, 100*time.Millisecond, time.Minute),
	"control.kept_bytes":    sizes(512<<20, 1<<20, 64<<30),
	"control.least_percent": counts(5, 1, 100),

	"control.window.max_deliveries": counts(16_384, 1, 10_000_000),
	"control.window.max_bytes":      sizes(64<<20, 64<<10, 64<<30),
	"control.window.total_bytes":    sizes(256<<20, 64<<10, 64<<30),
	"control.window.commands":       counts(4096, 1, 10_000_000),

	"control.stream.hello_timeout":  times(5*time.Second, 100*time.Millisecond, time.Minute),
	"control.stream.heartbeat":      times(5*time.Second, 100*time.Millisecond, time.Minute),
	"control.stream.send_timeout":   times(10*time.Second, 100*time.Millisecond, 10*time.Minute),
	"control.stream.failover_delay": times(800*time.Millisecond, 0, time.Second),
	"control.stream.suspend":        times(30*time.Second, 100*time.Millisecond, 10*time.Minute),
	"control.stream.max_instances":  counts(1024, 1, 100_000),
	"control.stream.max_calls":      counts(32, 1, 100_000),

	"parking.socket_events": counts(64, 1, 1_000_000),
	"parking.socket_bytes":  sizes(1<<20, 1024, 1<<30),
	"parking.group_bytes":   sizes(64<<20, 1024, 64<<30),
	"parking.node_bytes":    sizes(256<<20, 1024, 64<<30),
	"parking.age":           times(5*time.Minute, 100*time.Millisecond, time.Hour),
	"parking.routes":        times(time.Minute, 100*time.Millisecond, time.Hour),
	"parking.lifecycle":     counts(100_000, 1, 100_000_000),
}

func times(otherwise, least, most time.Duration) option {
	return option{otherwise, int64(least), int64(most), ""}
}

func counts(otherwise int, least, most int64) option { return option{otherwise, least, most, ""} }

func sizes(otherwise, least, most int64) option { return option{otherwise, least, most, " bytes"} }

// Default is what a setting is when nobody says anything, by its key in the configuration file: a
// time.Duration, int or int64. Nil for a key that is none of the control plane's.
func Default(key string) any { return options[key].otherwise }

// Allowed says in words what Check takes. Empty for a key that is none of the control plane's.
func Allowed(key string) string {
	o, known := options[key]
	switch _, timed := o.otherwise.(time.Duration); {
	case !known:
		return ""
	case timed:
		return shorttime.Text(time.Duration(o.least)) + " to " + shorttime.Text(time.Duration(o.most))
	}
	return fmt.Sprintf("%d to %d%s", o.least, o.most, o.unit)
}

// Check says whether a setting may have this value: the error is a *hub.ConfigError, which New returns
// for a Config that has it. The value is of the type that Default has, and a zero is a zero and not
// the default. A key that is none of the control plane's is not refused.
func Check(key string, value any) error {
	if !takes(key, value) {
		return &hub.ConfigError{Key: key, Value: value, Allowed: Allowed(key)}
	}
	return nil
}

func takes(key string, value any) bool {
	o, known := options[key]
	var n int64
	switch v := value.(type) {
	case time.Duration:
		n = int64(v)
	case int:
		n = int64(v)
	case int64:
		n = v
	}
	return !known || o.least <= n && n <= o.most
}

// orDefault gives a field its default.
func orDefault[T ~int | ~int64](field *T, key string) {
	if *field != 0 {
		return
	}
	switch v := Default(key).(type) {
	case time.Duration:
		*field = T(v)
	case int:
		*field = T(v)
	case int64:
		*field = T(v)
	}
}
