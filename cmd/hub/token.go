package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/siohub/siohub/cmd/hub/internal/config"
	"github.com/siohub/siohub/cmd/hub/internal/identity"
	"github.com/siohub/siohub/cmd/hub/internal/terminal"
	"github.com/siohub/siohub/cmd/hub/internal/token"
	"github.com/siohub/siohub/controlplane/access"
	"github.com/siohub/siohub/internal/reach"
)

// tokenCmds are what is done with tokens of services. None of them takes a token as an
// argument, which everybody on the machine could read.
type tokenCmds struct {
	New   tokenNewCmd   `cmd:"" help:"Draw a token for a service, and print it once with its line for the tokens file."`
	Hash  tokenHashCmd  `cmd:"" help:"Print the hash of a token that is read from standard input."`
	Check tokenCheckCmd `cmd:"" help:"Say whose token is read from standard input, and what it may do."`
}

// tokenNewCmd draws a token.
type tokenNewCmd struct {
	Name string `arg:"" help:"Name of the identity that the token is for."`
}

// Help is shown by `hub token new --help`.
func (tokenNewCmd) Help() string {
	return `The token goes to the service, as HUB_TOKEN. The line goes into the file of --control-tokens-file: it has the hash alone, so that nobody who reads the file can use it.`
}

// Run implements `hub token new`.
func (c *tokenNewCmd) Run(a *app) error {
	if err := token.CheckName(c.Name); err != nil {
		return &usageError{err: err}
	}
	secret := token.New()
	_, err := fmt.Fprintf(a.stdout, "token  %s\nline   %s: %s\n", secret, c.Name, token.HashOf(secret))
	return err
}

// tokenHashCmd hashes a token.
type tokenHashCmd struct {
	Name string `arg:"" optional:"" help:"Name of the identity: prints a whole line for the tokens file."`
}

// Run implements `hub token hash`.
func (c *tokenHashCmd) Run(a *app) error {
	secret, err := readToken(a.stdin, "")
	if err != nil {
		return err
	}
	name := c.Name
	if name == "" {
		name = "name"
	}
	t, err := token.Parse(name + ": " + secret)
	if err != nil {
		return &usageError{err: err}
	}
	line := t.Hash.String()
	if c.Name != "" {
		line = c.Name + ": " + line
	}
	_, err = fmt.Fprintln(a.stdout, line)
	return err
}

// tokenCheckCmd says whose a token is.
type tokenCheckCmd struct {
	Tokens    string `arg:"" optional:"" name:"file" help:"Tokens file to look into. Default control.tokens_file of the configuration."`
	TokenFile string `placeholder:"FILE" help:"File with the token, in place of standard input."`
	options
}

// Help is shown by `hub token check --help`.
func (tokenCheckCmd) Help() string {
	return `Takes the configuration as serve does, so that JWTs are checked against their issuers and the rules of the identity are shown:

  hub token check --config hub.yaml < token`
}

// Run implements `hub token check`.
func (c *tokenCheckCmd) Run(a *app) error {
	loaded, err := c.load(a)
	if err != nil {
		return err
	}
	if c.Tokens != "" {
		loaded.Config.Control.TokensFile = c.Tokens
	}
	if !loaded.Config.Control.Guarded() {
		return &usageError{err: errors.New("no tokens are configured: name the tokens file, or give --config")}
	}
	secret, err := readToken(a.stdin, c.TokenFile)
	if err != nil {
		return err
	}
	who, err := c.ask(a, loaded.Config, secret)
	if err != nil {
		return err
	}
	return writeIdentity(a.stdout, who, loaded.Config)
}

// ask asks the authenticator that serve would use.
func (c *tokenCheckCmd) ask(a *app, cfg *config.Config, secret string) (*access.Identity, error) {
	rules, err := permissionsOf(cfg)
	if err != nil {
		return nil, err
	}
	callers, err := identity.New(a.ctx, identity.Options{
		Tokens: cfg.Control.TokenList(), File: cfg.Control.TokensFile, Issuers: callerIssuers(cfg.Control.JWT),
		Permissions: rules, Once: true, Logger: slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		return nil, accessError("", err)
	}
	who, err := callers.Authenticate(a.ctx, access.Credentials{Token: secret})
	var refused *access.Error
	if errors.As(err, &refused) {
		return nil, fmt.Errorf("%s: %s", refused.Reason, refused.Message)
	}
	return who, err
}

// readToken reads a token from a file, or from standard input.
func readToken(stdin io.Reader, file string) (string, error) {
	if file != "" {
		opened, err := os.Open(file)
		if err != nil {
			return "", fmt.Errorf("--token-file: %w", err)
		}
		defer opened.Close()
		stdin = opened
	}
	text, err := io.ReadAll(io.LimitReader(stdin, 64<<10))
	if err != nil {
		return "", fmt.Errorf("the token cannot be read: %w", err)
	}
	secret := reach.Token(text)
	if secret == "" {
		return "", &usageError{err: errors.New("no token: give it on standard input")}
	}
	return secret, nil
}

// writeIdentity prints who somebody is and what it may do.
func writeIdentity(w io.Writer, who *access.Identity, c *config.Config) error {
	var b strings.Builder
	fmt.Fprintf(&b, "identity    %s\n", terminal.Clean(who.Name))
	if !who.ExpireTime.IsZero() {
		fmt.Fprintf(&b, "expires     %s\n", who.ExpireTime.UTC().Format(time.RFC3339))
	}
	rules, ok := c.Identities[who.Name]
	switch {
	case c.Identities == nil:
		b.WriteString("may         everything: no identity has rules\n")
	case !ok:
		b.WriteString("may         nothing: other identities have rules, this one has none\n")
	default:
		writeRules(&b, rules)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeRules(b *strings.Builder, r config.Identity) {
	for _, list := range []struct {
		name   string
		values []string
	}{
		{"groups", r.Groups}, {"roles", r.Roles}, {"namespaces", r.Namespaces}, {"events", r.Events}, {"rooms", r.Rooms},
		{"users", r.Users}, {"verbs", r.Verbs},
	} {
		text := "none"
		if len(list.values) > 0 {
			text = strings.Join(list.values, ", ")
		}
		fmt.Fprintf(b, "%-11s %s\n", list.name, text)
	}
	if r.MaxInstances > 0 {
		fmt.Fprintf(b, "instances   at most %d\n", r.MaxInstances)
	}
	if r.CommandsPerSecond > 0 {
		fmt.Fprintf(b, "commands    at most %d a second\n", r.CommandsPerSecond)
	}
}
