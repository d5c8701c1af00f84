package main

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/siohub/siohub/cmd/hub/internal/admin"
	"github.com/siohub/siohub/cmd/hub/internal/terminal"
)

// statusCmd shows what a running hub does.
type statusCmd struct {
	Admin string `default:"127.0.0.1:7421" env:"HUB_ADMIN_LISTEN" placeholder:"HOST:PORT" help:"Admin listener of the hub. Default ${default}."`
	JSON  bool   `name:"json" help:"Print the answer as JSON."`
}

// Help is shown by `hub status --help`.
func (statusCmd) Help() string {
	return `Shows browsers, services with their instances, who receives what, what is parked, and what is missing, such as "no authorizer for /chat".`
}

// Run implements `hub status`.
func (c *statusCmd) Run(a *app) error {
	s, raw, err := admin.Fetch(a.ctx, c.Admin)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("no hub answers at %s; start one with `hub serve`, or give its admin listener with --admin", c.Admin)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", c.Admin, err)
	}
	if c.JSON {
		_, err := terminal.JSON(a.stdout).Write(raw)
		return err
	}
	return s.Print(a.stdout, time.Now())
}
