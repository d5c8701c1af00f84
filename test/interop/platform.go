package main

import (
	"os/exec"
	"runtime"
	"strings"

	"github.com/siohub/siohub/test/machine"
)

// platform says with what the clients were run.
func platform() []string {
	said := []string{runtime.GOOS + "/" + runtime.GOARCH}
	for _, one := range []struct {
		prefix  string
		command []string
	}{
		{"Node.js ", []string{"node", "--version"}},
		{"", []string{machine.Chromium(), "--version"}},
		{"", []string{inRoot(".venv/bin/python"), "--version"}},
		{"", []string{"java", "--version"}},
		{"", []string{"rustc", "--version"}},
	} {
		output, err := exec.Command(one.command[0], one.command[1:]...).Output()
		if err != nil {
			continue
		}
		line, _, _ := strings.Cut(string(output), "\n")
		words := strings.Fields(strings.TrimPrefix(line, "v"))
		said = append(said, one.prefix+strings.Join(words[:min(len(words), 2)], " "))
	}
	return said
}
