package main

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/siohub/siohub/cmd/hub/internal/admin"
	"github.com/siohub/siohub/cmd/hub/internal/terminal"
	"github.com/siohub/siohub/internal/reach"
)

// statusCmd shows what a running hub does.
type statusCmd struct {
	Hub   string `default:"127.0.0.1:7420" env:"HUB_ADDRESS" placeholder:"HOST:PORT" help:"Control listener of the hub, as for the other commands: the admin listener of the same host is asked, at its port 7421. Default ${default}."`
	Admin string `env:"HUB_ADMIN_LISTEN" placeholder:"HOST:PORT" help:"Admin listener of the hub, where it is another one."`
	JSON  bool   `name:"json" help:"Print the answer as JSON."`
}

// Help is shown by `hub status --help`.
func (statusCmd) Help() string {
	return `Shows browsers, services with their instances, who receives what, what is parked, and what is missing, such as "no authorizer for /chat".`
}

// Run implements `hub status`.
func (c *statusCmd) Run(a *app) error {
	address := c.address()
	if c.guessed() {
		_, _ = fmt.Fprintf(a.stderr, "asking %s; --admin names another admin listener\n", address)
	}
	s, raw, err := admin.Fetch(a.ctx, address)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("no hub answers at %s; start one with `hub serve`, or give its admin listener with --admin", address)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}
	if c.JSON {
		_, err := terminal.JSON(a.stdout).Write(raw)
		return err
	}
	return s.Print(a.stdout, time.Now())
}

// adminPort is where a hub has its admin listener unless it is told otherwise.
const adminPort = "7421"

// guessed reports whether the hub is one that has its own ports: another one may have
// the default port of the admin listener.
func (c *statusCmd) guessed() bool {
	_, port, err := net.SplitHostPort(oneHub(c.Hub))
	return c.Admin == "" && err == nil && port != reach.Port
}

// address is that of the admin listener.
func (c *statusCmd) address() string {
	if c.Admin != "" {
		return c.Admin
	}
	hub := oneHub(c.Hub)
	host, _, err := net.SplitHostPort(hub)
	if err != nil {
		host = strings.Trim(hub, "[]") // without a port
	}
	return net.JoinHostPort(host, adminPort)
}
