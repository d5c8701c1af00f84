package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/siohub/siohub/cmd/hub/internal/config"
)

func TestLogger_LevelPerComponent(t *testing.T) {
	loaded, err := config.Load(config.Sources{
		Environ: []string{"DEBUG=hub"},
		Flags:   map[string]any{"log.level": "warn", "log.levels": "engineio=debug,grpc=error", "log.format": "json"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	logger, _ := newLogger(&out, loaded)
	for _, component := range []string{"", "engineio", "grpc", "hub", "controlplane"} {
		l := logger
		if component != "" {
			l = logger.With("component", component).WithGroup("g")
		}
		l.Debug(component + "-debug")
		l.Warn(component + "-warn")
	}
	for word, want := range map[string]bool{
		`"-debug`: false, `"-warn`: true, "engineio-debug": true, "grpc-warn": false, "hub-debug": true,
		"controlplane-debug": false, "controlplane-warn": true,
	} {
		if strings.Contains(out.String(), word) != want {
			t.Errorf("%s: logged %v", word, !want)
		}
	}
}

func TestMatches_ReadsTheFieldsHabit(t *testing.T) {
	for _, tt := range []struct {
		patterns, component string
		want                bool
	}{
		{"*", "engineio", true},
		{"engineio", "engineio", true},
		{"engine", "engineio", true},
		{"engine:ws", "engineio", true},
		{"socket.io:*", "socketio", true},
		{"control*", "controlplane", true},
		{"*,-engine*", "engineio", false},
		{"-engine*,*", "engineio", false},
		{"*,-engine*", "hub", true},
		{"express:*", "engineio", false},
		{"[", "engineio", false},
		{"", "hub", false},
		{"1", "hub", false},
	} {
		if got := matches(strings.Split(tt.patterns, ","), tt.component); got != tt.want {
			t.Errorf("DEBUG=%s: %s is %v", tt.patterns, tt.component, got)
		}
	}
}
