package main

import (
	"path/filepath"

	"github.com/siohub/siohub/test/machine"
)

// driver is a program in clients/ that takes clients of one kind through the steps.
type driver struct {
	// command is the program for one of them, without the plan.
	command func(module string) []string
	// needs are the files and programs that it cannot do without.
	needs func(module string) []string
}

var (
	node = driver{
		command: func(string) []string { return []string{"node", inRoot("test/interop/clients/node/client.mjs")} },
		needs:   func(module string) []string { return []string{"node", inRoot("node_modules/" + module)} },
	}
	oldest = driver{
		command: func(string) []string { return []string{"node", inRoot("test/interop/clients/node/oldest.mjs")} },
		needs:   node.needs,
	}
	chromium = driver{
		command: func(string) []string {
			return []string{"node", inRoot("test/interop/clients/node/browser.mjs"), machine.Chromium()}
		},
		needs: func(module string) []string {
			return []string{"node", machine.Chromium(), inRoot("node_modules/playwright-core"), inRoot("node_modules/" + module)}
		},
	}
	python = driver{
		command: func(string) []string {
			return []string{inRoot(".venv/bin/python"), inRoot("test/interop/clients/python/client.py")}
		},
		needs: func(string) []string { return []string{inRoot(".venv/bin/python")} },
	}
	java = driver{
		command: func(module string) []string {
			at := inRoot(".cache/interop/java-" + module)
			return []string{"java", "-XX:TieredStopAtLevel=1", "-cp", at + "/classes:" + at + "/lib/*", "Client"}
		},
		needs: func(module string) []string {
			return []string{"java", inRoot(".cache/interop/java-" + module + "/.installed")}
		},
	}
	rust = driver{
		command: func(string) []string { return []string{inRoot(".cache/interop/rust/release/client")} },
		needs:   func(string) []string { return []string{inRoot(".cache/interop/rust/release/client")} },
	}
)

// missing are the things that cells need and this machine lacks.
func missing(cells []cell) (names []string) {
	seen := map[string]bool{}
	for _, c := range cells {
		for _, name := range c.driver.needs(c.module) {
			if !seen[name] && !machine.Has(name) {
				names = append(names, name)
			}
			seen[name] = true
		}
	}
	return names
}

// root is the top of the module; the command is started there.
var root = "."

// inRoot is the absolute path of a file of the module.
func inRoot(path string) string {
	whole, err := filepath.Abs(filepath.Join(root, path))
	if err != nil {
		panic(err) // there is no working directory
	}
	return whole
}
