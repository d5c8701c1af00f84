package main

import (
	"context"
	"io"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"path"
	"strconv"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc/grpclog"

	"github.com/siohub/siohub/cmd/hub/internal/config"
	"github.com/siohub/siohub/cmd/hub/internal/logsink"
)

// flushTime is how long the end of the process waits for whoever reads the log.
const flushTime = time.Second

// takeLogs makes those write to w who would write to stderr past our logger: Go's own
// packages, and gRPC, which follows its environment variables.
func takeLogs(w io.Writer, environ []string) {
	log.SetOutput(w)
	verbosity, _ := strconv.Atoi(variable(environ, "GRPC_GO_LOG_VERBOSITY_LEVEL"))
	info, warning, errors := io.Discard, io.Discard, io.Discard
	// What is graver than the one that is given goes there as well.
	switch strings.ToLower(variable(environ, "GRPC_GO_LOG_SEVERITY_LEVEL")) {
	case "info":
		info = w
	case "warning":
		warning = w
	case "", "error":
		errors = w
	}
	grpclog.SetLoggerV2(grpclog.NewLoggerV2WithVerbosity(info, warning, errors, verbosity))
}

// outliveReader keeps the process alive when whoever reads stderr has gone: without, Go
// ends it at the next line.
func outliveReader() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // nobody receives: writes fail with EPIPE from here on
}

// log is where a command that runs for long writes its log: to a sink, which whoever reads it
// cannot block.
func (a *app) log(c config.Log) *logsink.Sink {
	outliveReader()
	s := logsink.Of(a.stderr)
	s.TellLosses(handlerOf(c))
	return s
}

// handlerOf gives the form of the log.
func handlerOf(c config.Log) func(io.Writer) slog.Handler {
	// levelHandler decides; what is below it writes everything.
	all := &slog.HandlerOptions{Level: slog.LevelDebug}
	if c.Format == "json" {
		return func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, all) }
	}
	return func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, all) }
}

// newLogger returns a logger whose level depends on the attribute `component`, and the levels.
func newLogger(w io.Writer, loaded *config.Loaded) (*slog.Logger, *levels) {
	l := newLevels()
	l.set(loaded)
	return slog.New(&levelHandler{Handler: handlerOf(loaded.Config.Log)(w), level: &l.others, levels: l}), l
}

// levels are the levels in force. They may change while the hub runs.
type levels struct {
	others     slog.LevelVar             // of what is not of a component
	components map[string]*slog.LevelVar // set by newLevels
}

func newLevels() *levels {
	l := &levels{components: make(map[string]*slog.LevelVar, len(config.Components))}
	for _, component := range config.Components {
		l.components[component] = new(slog.LevelVar)
	}
	return l
}

// set puts the levels in force that log.level, log.levels and the DEBUG variable say.
func (l *levels) set(loaded *config.Loaded) {
	c := loaded.Config.Log
	l.others.Set(level(c.Level))
	for component, at := range l.components {
		of := level(c.Level)
		if own, ok := c.Levels[component]; ok {
			of = level(own)
		}
		if matches(loaded.Debug, component) {
			of = slog.LevelDebug
		}
		at.Set(of)
	}
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

// levelHandler picks the level by component. It never changes; what it points to does.
type levelHandler struct {
	slog.Handler
	level  *slog.LevelVar
	levels *levels
}

// Enabled implements slog.Handler.
func (h *levelHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level.Level() }

// WithAttrs implements slog.Handler.
func (h *levelHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := &levelHandler{Handler: h.Handler.WithAttrs(attrs), level: h.level, levels: h.levels}
	for _, a := range attrs {
		if l, ok := h.levels.components[a.Value.String()]; ok && a.Key == "component" {
			next.level = l
		}
	}
	return next
}

// WithGroup implements slog.Handler.
func (h *levelHandler) WithGroup(name string) slog.Handler {
	return &levelHandler{Handler: h.Handler.WithGroup(name), level: h.level, levels: h.levels}
}
