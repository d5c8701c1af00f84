package loadgen

import "time"

// Setup is what was asked for, with the defaults filled in.
type Setup struct {
	Scenario       Scenario `json:"scenario"`
	URL            string   `json:"url"`
	Transport      string   `json:"transport"`
	Connections    int      `json:"connections"`
	ConnectRate    float64  `json:"connect_rate"`
	Namespaces     int      `json:"namespaces"`
	Rooms          int      `json:"rooms"`
	RoomsPerSocket int      `json:"rooms_per_socket"`
	// PayloadBytes is the size of the data of each event.
	PayloadBytes int `json:"payload_bytes"`
	// Rate is how many operations were to be started in a second; zero for a closed
	// loop.
	Rate     float64 `json:"rate"`
	InFlight int     `json:"in_flight"`
	Burst    int     `json:"burst"`
}

// Result is what a run has shown. The names and units of its JSON, in which those of
// Setup stand beside its own, are stable: times are nanoseconds, sizes bytes, rates per
// second.
type Result struct {
	Setup

	// Connected is how many connections were made before the load started.
	Connected int `json:"connected"`
	// Connects is the time that it took to make all connections.
	Connects time.Duration `json:"connects_ns"`
	// Elapsed is how long was measured, and Interrupted says that it was to be longer.
	Elapsed     time.Duration `json:"elapsed_ns"`
	Interrupted bool          `json:"interrupted"`
	// Ended says why the run itself ended early; empty when it did not.
	Ended string `json:"ended,omitempty"`

	// Operations were completed in that time: echoes, connects, and deliveries of
	// broadcasts and rooms.
	Operations int64 `json:"operations"`
	// Started is how many echoes, connects, broadcasts (bursts of them) or triggers
	// were started in that time. At a fixed rate Due is how many had to be, and
	// NotStarted how many were due at the end and had to wait, because as many as
	// InFlight allows were under way.
	Started    int64 `json:"started"`
	Due        int64 `json:"due"`
	NotStarted int64 `json:"not_started"`
	// UnderWay is how many operations had begun and not ended at the end, and
	// OldestUnderWay since when the oldest of them.
	UnderWay       int64         `json:"under_way"`
	OldestUnderWay time.Duration `json:"oldest_under_way_ns"`
	// Latency is how long an operation took, where the scenario has operations. At a
	// fixed rate it counts from when the operation was due, and takes in what was not
	// answered by the end.
	Latency Latency `json:"latency"`
	// Lag is how long after the moment at which they were due operations started, at a
	// fixed rate. When nothing has to wait for the server it is the generator's own
	// delay, which is part of the latency.
	Lag Latency `json:"lag"`
	// Errors are failed connects and lost connections, the most frequent first.
	Errors []Failure `json:"errors"`
	// Generator is this process. Where its CPU comes near to a core or to what the
	// server has, the figures tell of it and not of the server.
	Generator Process `json:"generator"`
	// Processes are those of Config.PIDs, in their order.
	Processes []Process `json:"processes,omitempty"`
}

// Latency is a distribution in a few points, exact to 3 %.
type Latency struct {
	P50  time.Duration `json:"p50_ns"`
	P90  time.Duration `json:"p90_ns"`
	P99  time.Duration `json:"p99_ns"`
	P999 time.Duration `json:"p999_ns"`
	Max  time.Duration `json:"max_ns"`
}

// Process is what one process has spent.
type Process struct {
	PID int `json:"pid"`
	// CPU is user and system time during the measurement, to 10 ms.
	CPU time.Duration `json:"cpu_ns"`
	// RSSBefore is the resident memory in bytes before the first connection (of the
	// generator: before the measurement), RSSAfter that at the end of the measurement.
	RSSBefore int64 `json:"rss_before_bytes"`
	RSSAfter  int64 `json:"rss_after_bytes"`
}

// newResult has what was asked for.
func (r *run) newResult() *Result {
	c := r.config
	return &Result{Setup: Setup{
		Scenario: c.Scenario, URL: c.URL, Transport: c.Transport, Connections: c.Connections, ConnectRate: c.ConnectRate,
		Namespaces: c.Namespaces, Rooms: c.Rooms, RoomsPerSocket: c.RoomsPerSocket, PayloadBytes: c.PayloadBytes,
		Rate: c.Rate, InFlight: c.InFlight, Burst: c.Burst,
	}}
}

// PerSecond is the rate of operations.
func (r *Result) PerSecond() float64 {
	if r.Elapsed <= 0 {
		return 0
	}
	return float64(r.Operations) / r.Elapsed.Seconds()
}

// CPUPerOperation is what an operation has cost the i-th process; zero when there
// was none.
func (r *Result) CPUPerOperation(i int) time.Duration { return r.perOperation(r.Processes[i]) }

func (r *Result) perOperation(p Process) time.Duration {
	if r.Operations == 0 {
		return 0
	}
	return p.CPU / time.Duration(r.Operations)
}

// BytesPerConnection is how much memory a connection has cost the i-th process.
func (r *Result) BytesPerConnection(i int) int64 {
	return (r.Processes[i].RSSAfter - r.Processes[i].RSSBefore) / int64(max(1, r.Connected))
}
