package main

import (
	"log/slog"

	"github.com/siohub/siohub/cmd/hub/internal/config"
	"github.com/siohub/siohub/hub"
)

// hubConfig says to the hub what the configuration says.
func hubConfig(c *config.Config, app hub.Application, logger *slog.Logger, trace *hub.Trace) hub.Config {
	h := c.Hub()
	h.Application, h.Logger, h.Trace = app, logger, trace
	return h
}
