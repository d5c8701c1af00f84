package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/siohub/siohub/cmd/hub/internal/config"
)

// configCmd prints the configuration.
type configCmd struct {
	options
	Keys bool `help:"List every option with its meaning, default and range."`
}

// Run implements `hub config`.
func (c *configCmd) Run(a *app) error {
	if c.Keys {
		return config.WriteTable(a.stdout)
	}
	loaded, err := c.load(a)
	if err != nil {
		return err
	}
	return loaded.WriteYAML(a.stdout)
}

// versionCmd prints the version.
type versionCmd struct{}

// Run implements `hub version`.
func (versionCmd) Run(a *app) error {
	_, err := fmt.Fprintf(a.stdout, "hub %s (%s, %s/%s)\n", hubVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// hubVersion is what the build said, or what Go knows about the module.
func hubVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "(devel)" {
		return "unknown"
	}
	return cmp.Or(info.Main.Version, "unknown")
}
