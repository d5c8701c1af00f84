package demo

import (
	"fmt"
	"io"
	"strings"
)

// Guide tells a visitor what to try.
type Guide struct {
	// Out is where it is printed.
	Out io.Writer
	// Page is the address of the chat page.
	Page string
	// Restart is the command that starts the service again.
	Restart []string
}

// Welcome says what is running and what to do with it.
func (g *Guide) Welcome(pid int) {
	g.print(`
  Open this page in two tabs and chat:      %s

  The chat service is a process of its own, id %d. Kill it in the middle of a conversation:

      kill -9 %d

  Both tabs stay connected. Start it again in another terminal, and the conversation goes on:

      %s

  Ctrl-C ends the demo.

`, g.Page, pid, pid, g.command())
}

// Ended says that the service is gone and how to start it again.
func (g *Guide) Ended(pid int, how string) {
	g.print(`
  The chat service (process %d) %s. The hub and all tabs stay connected; what is said now waits for it.
  Start it again:

      %s

`, pid, how, g.command())
}

func (g *Guide) print(format string, args ...any) {
	_, _ = fmt.Fprintf(g.Out, format, args...) // a closed terminal has no reader to miss it
}

// command is the restart command as a shell takes it.
func (g *Guide) command() string {
	words := make([]string, len(g.Restart))
	for i, word := range g.Restart {
		if strings.ContainsAny(word, " \t'\"\\$&;()*?<>|`") {
			word = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
		words[i] = word
	}
	return strings.Join(words, " ")
}
