package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/siohub/siohub/cmd/hub/internal/terminal"
	"github.com/siohub/siohub/hub/loadgen"
)

// benchCmd puts a server under load. Pointers are numbers whose default depends on
// the others.
type benchCmd struct {
	URL      string `name:"url" default:"http://127.0.0.1:3000" placeholder:"URL" help:"Server, with the path where that is not /socket.io/. Default ${default}."`
	Scenario string `short:"s" required:"" placeholder:"NAME" help:"What the connections do: idle, echo, fanout, room or connect; see above."`

	Transport   string        `short:"t" default:"websocket" placeholder:"NAME" help:"websocket or polling. Default ${default}."`
	Connections int           `short:"n" default:"100" placeholder:"N" help:"How many connections. Default ${default}."`
	ConnectRate float64       `default:"0" placeholder:"N" help:"Connections made in a second. Default 0: as many as 16 at a time give."`
	Rate        float64       `short:"r" default:"0" placeholder:"N" help:"Fixed rate: echoes, broadcasts, triggers or connects started in a second; latency counts from when each was due. Default 0, a closed loop: the next starts when one has ended."`
	Duration    time.Duration `short:"d" default:"10s" placeholder:"TIME" help:"How long is measured. Default ${default}."`
	Warmup      time.Duration `default:"1s" placeholder:"TIME" help:"Load before that. Default ${default}."`
	Payload     int           `default:"32" placeholder:"BYTES" help:"Size of the data of each event. Default ${default}."`

	InFlight       *int `placeholder:"N" help:"Triggers, broadcasts or connects under way at a time. Default 64 for room, 16 for connect, 1 for fanout; 256 with --rate. Echo has one for each connection."`
	Burst          int  `default:"1" placeholder:"N" help:"fanout: broadcasts sent at once. Default ${default}."`
	Rooms          *int `placeholder:"N" help:"room, idle: rooms that the connections are spread over. Default one for every ten."`
	RoomsPerSocket *int `placeholder:"N" help:"room, idle: rooms that each connection joins. Default 1 for room, none for idle."`
	Namespaces     int  `default:"1" placeholder:"N" help:"Spread the connections over /bench/0 to /bench/N-1. Default 1: all are in /."`

	Deflate bool `help:"Offer permessage-deflate on each WebSocket; what is sent is not compressed."`

	PID       []int `name:"pid" sep:"none" placeholder:"PID" help:"Process of the server whose CPU and memory to measure, on this machine. May be repeated. Linux."`
	MaxErrors int   `default:"0" placeholder:"N" help:"How many failed connects and lost connections are no failure. Default ${default}."`
	JSON      bool  `name:"json" help:"Print the result as one line of JSON."`
	Quiet     bool  `short:"q" help:"No progress on stderr."`
}

// Help is shown by `hub bench --help`.
func (benchCmd) Help() string {
	return `Works against any Socket.IO server of protocol version 5 (socket.io 3 and 4) that has these handlers:

  io.on("connection", (socket) => {
    socket.on("echo", (data, ack) => ack(data));
    socket.on("broadcast", (data) => io.emit("broadcast", data));
    socket.on("join", (room, ack) => { socket.join(room); ack(); });
    socket.on("room", (room, data) => io.to(room).emit("room", data));
  });

What the connections do, and which of the handlers they need:

  idle      nothing but heartbeats: what a connection costs; none
  echo      one echo under way on each connection; echo
  fanout    one broadcasts, all receive: an operation is a delivery; broadcast
  room      one triggers, its room receives: an operation is a delivery; join, room
  connect   connect, join the namespace, leave; none

For example:

  hub bench -s echo --pid $(pgrep -x hub)
  hub bench -s echo --rate 5000 --duration 30s --json
  hub bench -s fanout -n 1000 --url http://127.0.0.1:8080 --transport polling

Ctrl-C ends the measurement and prints what there is. Exit code: 0, or 1 when nothing could be measured or there were more errors than --max-errors, or 2 for a value that is not accepted. The fields of --json are those of loadgen.Result: times in nanoseconds (_ns), sizes in bytes (_bytes), rates per second.`
}

// Run implements `hub bench`.
func (c *benchCmd) Run(a *app) error {
	// The generator shares the machine with the server: rather memory than CPU.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	config := c.config()
	if !c.Quiet {
		config.Progress = func(p loadgen.Progress) { _, _ = fmt.Fprintln(a.stderr, p.Line(config)) }
	}
	result, err := loadgen.Run(a.ctx, config)
	var refused *loadgen.ConfigError
	if errors.As(err, &refused) {
		return c.refused(refused)
	}
	if result == nil {
		return err
	}
	if c.JSON {
		if err := json.NewEncoder(terminal.JSON(a.stdout)).Encode(result); err != nil {
			return err
		}
	} else if _, err := fmt.Fprint(a.stdout, result); err != nil {
		return err
	}
	return err
}

// config says to the load generator what the command line says.
func (c *benchCmd) config() loadgen.Config {
	return loadgen.Config{
		URL: c.URL, Scenario: loadgen.Scenario(c.Scenario), Transport: c.Transport,
		Connections: given(&c.Connections), ConnectRate: c.ConnectRate, Rate: c.Rate,
		Duration: given(&c.Duration), Warmup: given(&c.Warmup), PayloadBytes: given(&c.Payload),
		InFlight: given(c.InFlight), Burst: given(&c.Burst), Rooms: given(c.Rooms), RoomsPerSocket: given(c.RoomsPerSocket),
		Namespaces: given(&c.Namespaces), Deflate: c.Deflate, PIDs: c.PID, MaxErrors: c.MaxErrors,
	}
}

// given keeps a zero on the command line from being the default: it is a value that
// is not accepted.
func given[N int | time.Duration](value *N) N {
	switch {
	case value == nil:
		return 0
	case *value == 0:
		return -1
	}
	return *value
}

// refused names the flag of a value that the load generator does not take.
func (c *benchCmd) refused(e *loadgen.ConfigError) error {
	f := map[string]struct {
		flag  string
		value any
	}{
		"URL": {"url", c.URL}, "Scenario": {"scenario", c.Scenario}, "Transport": {"transport", c.Transport},
		"Connections": {"connections", c.Connections}, "ConnectRate": {"connect-rate", c.ConnectRate}, "Rate": {"rate", c.Rate},
		"Duration": {"duration", c.Duration}, "Warmup": {"warmup", c.Warmup}, "PayloadBytes": {"payload", c.Payload},
		"InFlight": {"in-flight", c.InFlight}, "Burst": {"burst", c.Burst}, "Rooms": {"rooms", c.Rooms},
		"RoomsPerSocket": {"rooms-per-socket", c.RoomsPerSocket}, "Namespaces": {"namespaces", c.Namespaces},
		"MaxErrors": {"max-errors", c.MaxErrors}, "PIDs": {"pid", e.Value},
	}[e.Field]
	value := f.value
	if number, ok := value.(*int); ok {
		if value = e.Value; number != nil {
			value = *number
		}
	}
	return &usageError{err: fmt.Errorf("--%s = %q: want %s", f.flag, fmt.Sprint(value), e.Allowed)}
}
