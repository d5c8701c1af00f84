package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/siohub/siohub/cmd/hub/internal/conform"
	"github.com/siohub/siohub/cmd/hub/internal/terminal"
)

// conformCmd holds a kit, or a hub, against the rules of docs/kits.md.
type conformCmd struct {
	Command []string `arg:"" optional:"" passthrough:"" name:"cmd" help:"Program of docs/kits.md and its arguments, behind --."`

	Hub       string `placeholder:"HOST:PORT" help:"Hold the hub with this control listener against the rules instead of a program."`
	URL       string `name:"url" placeholder:"URL" help:"With --hub: where browsers reach it, such as http://127.0.0.1:3000. Without it cases that need a browser are left out."`
	TokenFile string `placeholder:"FILE" help:"With --hub: file with the bearer token, where the hub wants one; or the variable HUB_TOKEN or HUB_TOKEN_FILE."`
	CA        string `name:"tls-ca" placeholder:"FILE" help:"With --hub: PEM file with the authorities that the hub's certificate is checked against, or \"system\"."`
	Cert      string `name:"tls-cert" placeholder:"FILE" help:"With --hub: PEM file with the certificate that is shown to the hub."`
	Key       string `name:"tls-key" placeholder:"FILE" help:"With --hub: PEM file with its private key."`
	Name      string `name:"tls-server-name" placeholder:"NAME" help:"With --hub: name in the hub's certificate, where it is not the host of --hub."`

	Only     string        `name:"run" placeholder:"REGEXP" help:"Only cases whose name fits."`
	List     bool          `help:"List the cases and their rules."`
	JSON     bool          `name:"json" help:"One JSON object a line instead of TAP."`
	Verbose  bool          `short:"v" help:"Also the end of the program's stderr."`
	Parallel int           `default:"8" placeholder:"N" help:"Cases at the same time. Default ${default}."`
	Patience time.Duration `default:"10s" placeholder:"TIME" help:"How long a case waits for what has to come. Default ${default}."`
}

// Help is shown by `hub conform --help`.
func (conformCmd) Help() string {
	return `For whoever writes a kit, the library with which services are written in another language: plays a hub, or several, against a small program that is written with the kit, and holds what it does against the rules of docs/kits.md. That page says what the program has to do.

  hub conform -- python conform_app.py
  hub conform --run '^resume/' -v -- ./goapp
  hub conform --list

Each case starts the program anew, with HUB_ADDRESS in its environment. A case that fails says which rule, what was expected and what was seen.

With --hub it plays services against a hub instead, to the same rules from the other side. The hub should have nothing else to do: the cases use a group and namespaces of their own, /conform-…:

  hub conform --hub 127.0.0.1:7420 --url http://127.0.0.1:3000

Exit code: 0 when all passed, 1 when one failed, 2 for a command line that is not accepted.`
}

// Run implements `hub conform`.
func (c *conformCmd) Run(a *app) error {
	if len(c.Command) > 0 && c.Command[0] == "--" {
		c.Command = c.Command[1:]
	}
	cases, err := c.cases()
	if err != nil {
		return err
	}
	if c.List {
		return c.list(a.stdout, cases)
	}
	if len(c.Command) > 0 {
		if _, err := exec.LookPath(c.Command[0]); err != nil {
			return &usageError{err: fmt.Errorf("the program cannot be started: %w", err)}
		}
	}
	opts := conform.Options{Command: c.Command, Patience: c.Patience, Parallel: c.Parallel}
	if c.Hub != "" {
		flags := hubFlags{Hub: c.Hub, TokenFile: c.TokenFile, CA: c.CA, Cert: c.Cert, Key: c.Key, Name: c.Name, Timeout: c.Patience}
		conn, err := flags.dial(a)
		if err != nil {
			return err
		}
		defer conn.Close()
		opts.Target = conform.Target{Attach: conn.Attach(), Control: conn.Control(), URL: strings.TrimSuffix(strings.TrimSuffix(c.URL, "/"), "/socket.io")}
	}
	return c.hold(a, opts, cases)
}

// hold runs the cases and tells of them.
func (c *conformCmd) hold(a *app, opts conform.Options, cases []*conform.Case) error {
	reporter := conform.TAP(terminal.JSON(a.stdout), c.Verbose)
	if c.JSON {
		reporter = conform.JSON(terminal.JSON(a.stdout))
	}
	if err := reporter.Begin(len(cases)); err != nil {
		return err
	}
	failed := 0
	var problem error
	err := conform.Run(a.ctx, opts, cases, func(o *conform.Outcome) {
		if o.Failure != nil {
			failed++
		}
		problem = errors.Join(problem, reporter.Tell(o))
	})
	if err := errors.Join(err, problem, reporter.End()); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d cases failed", failed, len(cases))
	}
	return nil
}

// cases are those that are asked for.
func (c *conformCmd) cases() ([]*conform.Case, error) {
	if (c.Hub != "") == (len(c.Command) > 0) && !c.List {
		return nil, &usageError{err: errors.New("want a program behind --, or --hub")}
	}
	expression, err := regexp.Compile(c.Only)
	if err != nil {
		return nil, &usageError{err: fmt.Errorf("--run: %w", err)}
	}
	if c.Parallel < 1 || c.Patience <= 0 {
		return nil, &usageError{err: fmt.Errorf("--parallel %d --patience %s: want more than 0", c.Parallel, c.Patience)}
	}
	all := conform.ProgramCases()
	if c.Hub != "" {
		all = conform.HubCases(c.URL != "")
	}
	cases := conform.Select(all, expression)
	if len(cases) == 0 {
		return nil, &usageError{err: fmt.Errorf("--run %s: no case has such a name; --list shows them", c.Only)}
	}
	return cases, nil
}

// list prints the cases.
func (c *conformCmd) list(w io.Writer, cases []*conform.Case) error {
	if c.JSON {
		enc := json.NewEncoder(terminal.JSON(w))
		for _, one := range cases {
			if err := enc.Encode(map[string]any{"name": one.Name, "rules": one.Rules, "about": one.About}); err != nil {
				return err
			}
		}
		return nil
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, one := range cases {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", one.Name, strings.Join(one.Rules, " "), one.About) // its error comes again with Flush
	}
	return table.Flush()
}
