package loadgen

import (
	"fmt"
	"net/url"
	"slices"
	"time"
)

// Scenario is what the connections do.
type Scenario string

// The scenarios, see the package comment.
const (
	Idle    Scenario = "idle"
	Echo    Scenario = "echo"
	Fanout  Scenario = "fanout"
	Room    Scenario = "room"
	Connect Scenario = "connect"
)

// Scenarios lists all of them.
func Scenarios() []Scenario { return []Scenario{Idle, Echo, Fanout, Room, Connect} }

// Config says what to do, and to whom.
type Config struct {
	// URL is the server: http://HOST:PORT, with the path where it is not
	// /socket.io/. Required.
	URL string
	// Scenario is what to do. Required.
	Scenario Scenario
	// Connections is how many connections there are. Zero means 100. The connect
	// scenario has InFlight of them.
	Connections int
	// PayloadBytes is the size of the data of each event. Zero means 32.
	PayloadBytes int
	// Rooms is how many rooms the connections are spread over. Zero means one for
	// every ten connections. Only for Room.
	Rooms int
	// InFlight is how many operations are under way at a time. Zero means 64 for Room
	// and 16 for Connect; Echo has one for each connection and Fanout Burst of them.
	InFlight int
	// Burst is how many broadcasts are sent before the first has to arrive. Zero
	// means 1. Only for Fanout.
	Burst int
	// Warmup is the time from the last connect to the start of the measurement, in
	// which the load runs already. Zero means 1 second.
	Warmup time.Duration
	// Duration is how long is measured. Zero means 5 seconds.
	Duration time.Duration
	// PIDs are the processes of the server whose CPU and memory are measured. Only on
	// Linux, and on the same machine.
	PIDs []int
	// Progress is called each second from one goroutine. Nil means nobody looks.
	Progress func(Progress)
}

// Progress is how far a run has come.
type Progress struct {
	// Connected is the number of connections made so far.
	Connected int
	// Operations is the number of operations done so far, those of the warm-up too.
	Operations int64
}

// withDefaults fills in what was left zero.
func (c Config) withDefaults() Config {
	if c.Connections == 0 {
		c.Connections = 100
	}
	if c.PayloadBytes == 0 {
		c.PayloadBytes = 32
	}
	if c.Rooms == 0 {
		c.Rooms = max(1, c.Connections/10)
	}
	if c.InFlight == 0 {
		c.InFlight = map[Scenario]int{Room: 64, Connect: 16}[c.Scenario]
	}
	if c.Burst == 0 {
		c.Burst = 1
	}
	if c.Warmup == 0 {
		c.Warmup = time.Second
	}
	if c.Duration == 0 {
		c.Duration = 5 * time.Second
	}
	return c
}

// validate checks a configuration whose defaults are filled in.
func (c Config) validate() error {
	if !slices.Contains(Scenarios(), c.Scenario) {
		return fmt.Errorf("loadgen: scenario %q is none of %v", c.Scenario, Scenarios())
	}
	if u, err := url.Parse(c.URL); err != nil || u.Host == "" {
		return fmt.Errorf("loadgen: URL %q is not of the form http://HOST:PORT", c.URL)
	}
	for _, f := range []struct {
		name       string
		value, max int
	}{
		{"Connections", c.Connections, 1 << 20},
		{"PayloadBytes", c.PayloadBytes, 1 << 20},
		{"Rooms", c.Rooms, c.Connections},
		{"InFlight", c.InFlight, 1 << 16},
		{"Burst", c.Burst, 1 << 10},
	} {
		if f.value < 0 || f.value > f.max {
			return fmt.Errorf("loadgen: %s is %d, not within 0 to %d", f.name, f.value, f.max)
		}
	}
	if c.Warmup < 0 || c.Duration < 0 {
		return fmt.Errorf("loadgen: Warmup %v and Duration %v must not be negative", c.Warmup, c.Duration)
	}
	return nil
}
