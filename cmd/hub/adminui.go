package main

import (
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/siohub/siohub/cmd/hub/internal/adminui"
	"github.com/siohub/siohub/cmd/hub/internal/config"
	"github.com/siohub/siohub/hub"
)

// withAdminUI puts the Admin UI in front of an application, if it is on. Its error is a *config.Error.
func (n *node) withAdminUI(app hub.Application) (hub.Application, error) {
	c := n.config.AdminUI
	if !c.Enabled {
		return app, nil
	}
	password, err := c.Password()
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "hub"
	}
	id := c.ServerID
	if id == "" {
		id = fmt.Sprintf("%s#%d", host, os.Getpid())
	}
	n.adminUI = adminui.New(app, adminui.Options{
		Namespace: c.Namespace, Username: c.Username, Password: password, ReadOnly: c.ReadOnly, Development: c.Mode == "development",
		ServerID: id, Hostname: host, PID: os.Getpid(), Started: n.startTime,
		Traffic:    n.metrics.Traffic,
		Namespaces: slices.DeleteFunc(slices.Clone(n.config.Namespaces), func(s string) bool { return strings.Contains(s, "*") }),
		Secrets:    n.access.peers.shared(),
		Logger:     n.logger.With("component", "admin_ui"), Trace: n.metrics.AdminTrace(),
	})
	return n.adminUI, nil
}

// warnOfAdminUI says what an operator should know about it.
func warnOfAdminUI(c *config.Config, logger *slog.Logger) {
	if !c.AdminUI.Enabled {
		return
	}
	if len(c.CORS.Origins) == 0 || !c.CORS.Credentials {
		logger.Warn("the page of the Admin UI can connect only from this hub's own origin: it wants its origin in cors.origins, and cors.credentials",
			"option", "cors.origins")
	}
	if !c.AdminUI.ReadOnly {
		logger.Warn("whoever knows the password of the Admin UI disconnects sockets, moves them between rooms and emits to them",
			"option", "admin_ui.read_only")
	}
}
