package main

import "slices"

// A step is one thing that clients are taken through.
type step string

const (
	stepAuth       step = "auth"
	stepRefusal    step = "refusal"
	stepText       step = "text"
	stepBinary     step = "binary"
	stepAcks       step = "acks"
	stepNamespaces step = "namespaces"
	stepRooms      step = "rooms"
	stepHeartbeat  step = "heartbeat"
	stepReconnect  step = "reconnect"
	stepRecovery   step = "recovery"
)

// steps are all of them, in the order in which they are taken.
var steps = []step{
	stepAuth, stepRefusal, stepText, stepBinary, stepAcks, stepNamespaces, stepRooms, stepHeartbeat, stepReconnect, stepRecovery,
}

// client is one library in one version.
type client struct {
	// name is what the table calls it.
	name string
	// version is what its program says, or how that begins: "2.5".
	version string
	// driver takes it through the steps.
	driver driver
	// module tells the driver which of its clients that is.
	module string
	// msgpack says that it uses socket.io-msgpack-parser.
	msgpack bool
	// revision3 says that it speaks Engine.IO 3, where auth is a query.
	revision3 bool
	// settings are the options of the hub that it needs, as in a configuration file: "allow_eio3: true".
	settings []string
	// transports are what it connects over; always are those of them that every change is tested with.
	transports, always []string
	// cannot has the steps that the client cannot do, whatever the server, and why; partly those that it does as far
	// as it can.
	cannot, partly map[step]string
}

// cell is a client over one transport: a row of the table.
type cell struct {
	*client
	transport string
}

// expected are the steps that a client has to get through.
func (c *client) expected() []step {
	return slices.DeleteFunc(slices.Clone(steps), func(s step) bool { return c.cannot[s] != "" })
}

const (
	sinceRecovery = "Recovery came with socket.io-client 4.6."
	noRecovery    = "This client knows no recovery."
)

var (
	eio3    = []string{"allow_eio3: true"}
	v09     = []string{"allow_v09: true", "cors.origins: *"} // in Node.js its WebSocket has an Origin that is none
	msgpack = []string{"parser: msgpack"}

	three   = []string{"polling", "websocket", "upgrade"}
	often   = []string{"polling", "upgrade"} // which is WebSocket in the end
	tooOld  = map[step]string{stepRecovery: sinceRecovery}
	unheard = map[step]string{stepRecovery: noRecovery}
	ofJava1 = map[step]string{stepRefusal: "It reads a refusal with a message alone; one with data it takes for a bad packet, and hears nothing."}
	of09    = map[step]string{
		stepAuth:    "The query of the connection, which each namespace finds in the handshake.",
		stepRefusal: "It hears `unauthorized`, and neither message nor data: the protocol has no more.",
		stepAcks:    "Without binary.",
	}
	without09 = map[step]string{
		stepBinary:   "Socket.IO 0.9 has no binary.",
		stepRecovery: sinceRecovery,
	}
	ofRust = map[step]string{
		stepBinary:     "An event with binary has that one argument and nothing else. What it reads over WebSocket may have no byte 30 in it: the client takes that for the end of a packet.",
		stepAcks:       "It is acknowledged in text, and cannot acknowledge an event of the server.",
		stepNamespaces: "It has a connection for each namespace.",
	}
)

// clients are all of them.
var clients = slices.Concat(npm(), others())

func npm() []*client {
	all := []*client{{
		name: "socket.io-client 0.9", version: "0.9", driver: oldest, module: "socket.io-client-0.9", settings: v09,
		transports: []string{"polling", "websocket"}, always: []string{"polling", "websocket"}, cannot: without09, partly: of09,
	}}
	for _, version := range []string{"1.7", "2.0", "2.5"} {
		c := &client{
			name: "socket.io-client " + version, version: version, driver: node, module: "socket.io-client-" + version, revision3: true,
			settings: eio3, transports: three, cannot: tooOld,
		}
		if version == "1.7" {
			c.module = "socket.io-client-1"
		}
		if version != "2.0" {
			c.always = often
		}
		all = append(all, c)
	}
	for _, version := range []string{"3.0", "3.1", "4.0", "4.5", "4.8"} {
		for _, form := range []bool{false, true} {
			c := &client{
				name: "socket.io-client " + version, version: version, driver: node, module: "socket.io-client-" + version,
				transports: three, cannot: tooOld,
			}
			if version == "4.8" {
				c.module, c.cannot = "socket.io-client", nil
			}
			if version == "4.8" || version == "3.1" && !form {
				c.always = often
			}
			if form {
				c.name, c.msgpack, c.settings = c.name+", msgpack", true, msgpack
			}
			all = append(all, c)
		}
	}
	return all
}

func others() []*client {
	return []*client{
		{name: "Chromium, socket.io-client 4.8", version: "4.8", driver: chromium, module: "socket.io-client", transports: three, always: often},
		{
			name: "Chromium, socket.io-client 4.8, msgpack", version: "4.8", driver: chromium, module: "socket.io-client", msgpack: true,
			settings: msgpack, transports: three,
		},
		{
			name: "Chromium, socket.io-client 4.8", version: "4.8", driver: chromium, module: "socket.io-client",
			settings: []string{"listen_tls: 127.0.0.1:0", "transports: polling, websocket, webtransport"}, transports: []string{"webtransport"},
			always: []string{"webtransport"},
		},
		{
			name: "Chromium, socket.io-client 2.5", version: "2.5", driver: chromium, module: "socket.io-client-2.5", revision3: true, settings: eio3,
			transports: []string{"jsonp", "polling", "websocket", "upgrade"}, always: []string{"jsonp"}, cannot: tooOld,
		},
		{name: "python-socketio, sync", version: "5", driver: python, module: "sync", transports: three, always: often, cannot: unheard},
		{name: "python-socketio, asyncio", version: "5", driver: python, module: "asyncio", transports: three, always: often, cannot: unheard},
		{name: "Java, io.socket 1.0", version: "1.0", driver: java, module: "1.0", revision3: true, settings: eio3, transports: three, cannot: unheard, partly: ofJava1},
		{name: "Java, io.socket 2.1", version: "2.1", driver: java, module: "2.1", transports: three, always: []string{"polling"}, cannot: unheard},
		{name: "Rust, rust_socketio", version: "0.6", driver: rust, transports: three, cannot: unheard, partly: ofRust},
	}
}

// cells are the rows of the table; those of every change alone, where always is true.
func cells(always bool) []cell {
	var all []cell
	for _, c := range clients {
		for _, transport := range c.transports {
			if !always || slices.Contains(c.always, transport) {
				all = append(all, cell{c, transport})
			}
		}
	}
	return all
}
