package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/siohub/siohub/cmd/hub/internal/config"
	"github.com/siohub/siohub/cmd/hub/internal/logsink"
	"github.com/siohub/siohub/cmd/hub/internal/terminal"
	"github.com/siohub/siohub/hub"
)

// version is set by the build: -ldflags "-X main.version=v1.2.3".
var version = ""

func main() {
	stderr := logsink.New(os.Stderr)
	takeLogs(stderr, os.Environ())
	code := report(run(untilSignal(), os.Args[1:], os.Stdout, stderr), stderr)
	stderr.Flush(flushTime)
	os.Exit(code)
}

// untilSignal returns a context that ends with the first signal, which asks for an
// orderly end. From then on signals have their ordinary meaning again, so that a
// second one ends the process at once.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() { // ends with the first signal, or with the process
		<-signals
		signal.Stop(signals) // before anybody learns of the first one
		cancel()
	}()
	return ctx
}

// run executes one command line and returns when it is done or ctx has ended.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var commands cli
	commands.init()
	helped := false
	parser, err := kong.New(&commands,
		kong.Name("hub"),
		kong.Description(about),
		kong.Writers(stdout, stderr),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
		kong.ExplicitGroups(groups),
		// The parser calls Exit after it has printed help, and would go on if that came back.
		kong.Exit(func(int) { helped = true }),
	)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if helped {
		return nil
	}
	var unparsed *kong.ParseError
	if errors.As(err, &unparsed) {
		return &usageError{err: err, command: unparsed.Context.Selected()}
	}
	if err != nil {
		return &usageError{err: err}
	}
	err = command.Run(&app{ctx: ctx, stdin: os.Stdin, stdout: stdout, stderr: stderr, environ: os.Environ()})
	var usage *usageError
	if errors.As(err, &usage) {
		usage.command = command.Selected()
	}
	return err
}

// app is what every command gets.
type app struct {
	ctx            context.Context // ends when the program is asked to end
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string
}

// usageError is a command line that is not understood.
type usageError struct {
	err error
	// command is the one that was asked for, nil where it is none.
	command *kong.Node
}

// Error implements error.
func (e *usageError) Error() string {
	if e.command == nil {
		return e.err.Error() + "\n`hub --help` shows the commands"
	}
	return e.err.Error() + "\n`" + e.command.FullPath() + " --help` shows how it is used"
}

// Unwrap implements errors.Unwrap.
func (e *usageError) Unwrap() error { return e.err }

// report prints an error and gives the exit code.
func report(err error, stderr io.Writer) int {
	if err == nil {
		return 0
	}
	_, _ = fmt.Fprintln(stderr, "hub:", terminal.CleanLines(err.Error()))
	var usage *usageError
	var refused *config.Error
	var setting *hub.ConfigError
	if errors.As(err, &usage) || errors.As(err, &refused) || errors.As(err, &setting) {
		return 2
	}
	return 1
}
