package main

import (
	"github.com/alecthomas/kong"

	"github.com/siohub/siohub/cmd/hub/internal/config"
)

const about = `Socket.IO for every language.

Browsers speak Socket.IO to the hub; your services, in any language that has gRPC, dial the hub and answer. Browsers stay connected while services come and go.

Try it: "hub demo" starts everything and prints a page to open.

Exit codes: 0 when it is done, 1 when it failed or was refused, 2 for a command line or a configuration that is not accepted.`

// cli is the command line.
type cli struct {
	Serve   serveCmd   `cmd:"" help:"Run the hub."`
	Demo    demoCmds   `cmd:"" help:"Run the hub with a chat page and a chat service to play with."`
	Status  statusCmd  `cmd:"" help:"Show what a running hub does and what it lacks."`
	Emit    emitCmd    `cmd:"" help:"Send an event to browsers through a running hub."`
	Sockets socketsCmd `cmd:"" help:"List the sockets that are connected."`
	Rooms   roomsCmd   `cmd:"" help:"List rooms and how many are in them."`
	Users   usersCmd   `cmd:"" help:"List users and how many sockets they have."`
	Tail    tailCmd    `cmd:"" help:"Watch what browsers and services do, as it happens."`
	Kick    kickCmd    `cmd:"" help:"Disconnect sockets, or end their authorization."`
	Forget  forgetCmd  `cmd:"" help:"Forget a service that is gone for good."`
	Token   tokenCmds  `cmd:"" help:"Make and check tokens of services."`
	Bench   benchCmd   `cmd:"" help:"Put a Socket.IO server under load and measure it."`
	Conform conformCmd `cmd:"" help:"Hold a service kit, or a hub, against the rules of the contract."`
	Config  configCmd  `cmd:"" help:"Print the configuration that serve would use, or list all options."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

var groups = []kong.Group{{
	Key:         "options",
	Title:       "Options (these are the common ones; \"hub config --keys\" lists all, docs/configuration.md explains):",
	Description: "Each is also an environment variable, HUB_LISTEN for --listen, and a key of the --config file.",
}, {
	Key:   "hub",
	Title: "Which hub, and who asks:",
}}

// options are the flags of the configuration, for the commands that load it.
type options struct {
	File  string `name:"config" short:"c" env:"HUB_CONFIG" placeholder:"FILE" help:"YAML file with options." group:"options"`
	Flags any    `embed:"" group:"options"`

	set *config.FlagSet
}

// init makes the flags; it has to run before the command line is parsed.
func (o *options) init() {
	o.set = config.NewFlagSet()
	o.Flags = o.set.Struct()
}

// init prepares the commands that take options.
func (c *cli) init() {
	for _, o := range []*options{&c.Serve.options, &c.Demo.Run.options, &c.Config.options, &c.Token.Check.options} {
		o.init()
	}
}

// load reads the configuration from all sources.
func (o *options) load(a *app) (*config.Loaded, error) {
	loaded, err := config.Load(config.Sources{File: o.File, Environ: a.environ, Flags: o.set.Given(), Memory: memoryLimit()})
	if err != nil {
		return nil, err
	}
	// The words of rules are the control plane's, which config does not know.
	_, err = permissionsOf(loaded.Config)
	return loaded, err
}
