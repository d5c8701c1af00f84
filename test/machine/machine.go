package machine

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
)

// Has reports whether there is a program of this name, or a file if the name has a separator.
func Has(name string) bool {
	if strings.ContainsRune(name, filepath.Separator) {
		_, err := os.Stat(name)
		return err == nil
	}
	_, err := exec.LookPath(name)
	return err == nil
}

// Required reports whether what is missing is a failure and no reason to skip a test: HUB_E2E says `require`, or CI is set.
func Required() bool { return os.Getenv("HUB_E2E") == "require" || os.Getenv("CI") == "true" }

// Chromium is the program by the name that it has here, `chromium` where there is none.
func Chromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if program, err := exec.LookPath(name); err == nil {
			return program
		}
	}
	return "chromium"
}

// Environment is that of this process without HUB_…, which a hub would take for its configuration.
func Environment() []string {
	var kept []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "HUB_") {
			kept = append(kept, pair)
		}
	}
	return kept
}

// Raced reports whether this program was built with the race detector.
func Raced() bool {
	info, _ := debug.ReadBuildInfo()
	for _, setting := range info.Settings {
		if setting.Key == "-race" {
			return setting.Value == "true"
		}
	}
	return false
}
