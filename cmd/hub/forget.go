package main

import (
	"fmt"

	"github.com/siohub/siohub/cmd/hub/internal/terminal"
	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// forgetCmd forgets a group.
type forgetCmd struct {
	Group string `arg:"" help:"Name of the service, as \"hub status\" shows it."`
	hubFlags
}

// Help is shown by `hub forget --help`.
func (forgetCmd) Help() string {
	return `Ends what the hub remembers of a service that is gone for good: its routes, what is parked for it, and that its namespaces exist. Refused while an instance of it is attached.`
}

// Run implements `hub forget`.
func (c *forgetCmd) Run(a *app) error {
	conn, err := c.dial(a)
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := conn.Within(a.ctx)
	defer cancel()
	if _, err := conn.Control().ForgetGroup(ctx, &hubv1.ForgetGroupRequest{Group: c.Group}); err != nil {
		return conn.Explain(err, "admin")
	}
	_, err = fmt.Fprintf(a.stdout, "forgot %s\n", terminal.Clean(c.Group))
	return err
}
