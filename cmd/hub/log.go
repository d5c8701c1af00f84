package main

import (
	"context"
	"io"
	"log/slog"
	"path"
	"strings"

	"github.com/siohub/siohub/cmd/hub/internal/config"
)

// newLogger returns a logger whose level depends on the attribute `component`, as
// log.levels and the DEBUG variable say.
func newLogger(w io.Writer, loaded *config.Loaded) *slog.Logger {
	c := loaded.Config.Log
	h := &levelHandler{level: level(c.Level), levels: map[string]slog.Level{}}
	for _, component := range config.Components {
		h.levels[component] = h.level
		if own, ok := c.Levels[component]; ok {
			h.levels[component] = level(own)
		}
		if matches(loaded.Debug, component) {
			h.levels[component] = slog.LevelDebug
		}
	}
	// levelHandler decides; what is below it writes everything.
	all := &slog.HandlerOptions{Level: slog.LevelDebug}
	if c.Format == "json" {
		h.Handler = slog.NewJSONHandler(w, all)
	} else {
		h.Handler = slog.NewTextHandler(w, all)
	}
	return slog.New(h)
}

// level reads a word that config has checked.
func level(word string) slog.Level {
	var l slog.Level
	_ = l.UnmarshalText([]byte(word)) // config takes these four words only
	return l
}

// fieldNames are the names that Socket.IO's users know for our components.
var fieldNames = map[string]string{"engineio": "engine", "socketio": "socket.io"}

// matches reads DEBUG patterns: names with stars, those after a minus excluded.
// What follows a colon, as in engine:ws, is a part that we do not tell apart.
func matches(patterns []string, component string) bool {
	found := false
	for _, pattern := range patterns {
		pattern, exclude := strings.CutPrefix(pattern, "-")
		pattern, _, _ = strings.Cut(pattern, ":")
		for _, name := range []string{component, fieldNames[component]} {
			hit, err := path.Match(pattern, name)
			if err != nil || !hit || name == "" {
				continue
			}
			if exclude {
				return false
			}
			found = true
		}
	}
	return found
}

// levelHandler picks the level by component. It never changes.
type levelHandler struct {
	slog.Handler
	level  slog.Level
	levels map[string]slog.Level
}

// Enabled implements slog.Handler.
func (h *levelHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

// WithAttrs implements slog.Handler.
func (h *levelHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := &levelHandler{Handler: h.Handler.WithAttrs(attrs), level: h.level, levels: h.levels}
	for _, a := range attrs {
		if l, ok := h.levels[a.Value.String()]; ok && a.Key == "component" {
			next.level = l
		}
	}
	return next
}

// WithGroup implements slog.Handler.
func (h *levelHandler) WithGroup(name string) slog.Handler {
	return &levelHandler{Handler: h.Handler.WithGroup(name), level: h.level, levels: h.levels}
}
