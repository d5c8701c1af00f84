package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/siohub/siohub/cmd/hub/internal/config"
)

// reloadable are the keys that take effect while the hub runs.
var reloadable = []string{"log.level", "log.levels"}

// reloader reads the configuration again on SIGHUP, with the same flags and variables, and
// puts in force what can be without a restart. Files of tokens, certificates and keys are
// watched in any case; they are read at once.
type reloader struct {
	load   func() (*config.Loaded, error)
	levels *levels
	access *admission
	logger *slog.Logger

	// Owned by run.
	inForce *config.Config
	signals chan os.Signal
}

// hangups gets SIGHUP from now on, which otherwise ends the process; stop ends that.
func hangups() (signals chan os.Signal, stop func()) {
	signals = make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	return signals, func() { signal.Stop(signals) }
}

// run reloads at each signal until ctx ends.
func (r *reloader) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.signals:
			r.reload()
		}
	}
}

// reload says in one line what has changed.
func (r *reloader) reload() {
	r.access.readAgain()
	loaded, err := r.load()
	if err != nil {
		r.logger.Warn("configuration not read again, the old one stays", "error", err)
		return
	}
	var applied, restart []string
	for _, key := range config.Changed(r.inForce, loaded.Config) {
		if slices.Contains(reloadable, key) {
			applied = append(applied, key)
		} else {
			restart = append(restart, key)
		}
	}
	now := *r.inForce
	now.Log.Level, now.Log.Levels = loaded.Config.Log.Level, loaded.Config.Log.Levels
	r.inForce = &now
	r.levels.set(loaded)
	if len(restart) > 0 {
		r.logger.Warn("configuration read again; some of it wants a restart", "applied", applied, "wants_restart", restart)
		return
	}
	r.logger.Info("configuration read again", "applied", applied)
}
