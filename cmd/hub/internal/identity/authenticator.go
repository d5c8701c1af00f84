package identity

import (
	"context"
	"log/slog"
	"os"
	"runtime"

	"github.com/siohub/siohub/cmd/hub/internal/filewatch"
	"github.com/siohub/siohub/cmd/hub/internal/jwt"
	"github.com/siohub/siohub/cmd/hub/internal/token"
	"github.com/siohub/siohub/controlplane/access"
)

// Options say who is known.
type Options struct {
	// Tokens are those of the configuration, File the path of a file with more. Empty
	// means none.
	Tokens []token.Token
	File   string
	// Own are tokens of services that this process starts itself. They may do
	// everything.
	Own []token.Token
	// Issuers are those of JWTs.
	Issuers []Issuer
	// Permissions are those of each name. Nil means that none are configured, and that
	// everybody who is known may do everything.
	Permissions map[string]*access.Permissions
	// Logger is told what happens to the file and to the keys. Nil means slog.Default.
	Logger *slog.Logger
	// Once is for a caller that asks right after New and does without Run: keys are not
	// waited for.
	Once bool
	// Refreshed is told what came of each refresh of an issuer's keys.
	Refreshed func(issuer string, err error)
}

// Issuer is an issuer of JWTs, and how its tokens name identities.
type Issuer struct {
	jwt.Issuer
	// NameClaim is the claim that names the identity: a text, or a list of which the
	// first one that is known counts. Empty means `sub`.
	NameClaim string
	// Identities maps values of the claim to names. Empty means that the value is the
	// name; otherwise a token with another value is nobody's.
	Identities map[string]string
}

// Authenticator implements access.Authenticator.
type Authenticator struct {
	// Set by New.
	options  Options
	log      *slog.Logger
	nothing  *access.Permissions
	verifier *jwt.Verifier
	fixed    table // own tokens and those of the configuration
	files    []*filewatch.Files
	// waiting bounds the calls that wait for keys.
	waiting chan struct{}

	file tokenFile
}

// Error is a setting that cannot be used from the start.
type Error struct {
	// Key is the setting: `control.tokens_file`, `control.jwt[0].jwks_url`.
	Key string
	// Value is what it says; never a secret.
	Value string
	Err   error
}

// Error implements error.
func (e *Error) Error() string { return "identity: " + e.Key + " = " + e.Value + ": " + e.Err.Error() }

// Unwrap implements errors.Unwrap.
func (e *Error) Unwrap() error { return e.Err }

// New reads the tokens and the keys of the issuers. Its error is an *Error.
func New(ctx context.Context, options Options) (*Authenticator, error) {
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	nothing, err := access.NewPermissions(access.Rules{})
	if err != nil {
		return nil, err
	}
	a := &Authenticator{
		options: options, log: options.Logger.With("component", "controlplane"), nothing: nothing,
		waiting: make(chan struct{}, maxWaiting),
	}
	for _, t := range options.Own {
		a.fixed = append(a.fixed, newEntry(t, nil))
	}
	a.fixed = append(a.fixed, a.entries(options.Tokens)...)
	if err := a.openFile(); err != nil {
		return nil, err
	}
	return a, a.openIssuers(ctx)
}

func (a *Authenticator) openFile() error {
	path := a.options.File
	if path == "" {
		return nil
	}
	files, contents, err := filewatch.Open(a.reread, path)
	var tokens []token.Token
	if err == nil {
		tokens, err = token.ParseFile(contents[0])
	}
	if err == nil && len(tokens) == 0 {
		err = errNoTokens
	}
	if err != nil {
		return &Error{Key: "control.tokens_file", Value: path, Err: err}
	}
	a.warnOfReaders(contents[0])
	a.file.replace(a.entries(tokens))
	a.files = append(a.files, files)
	return nil
}

// warnOfReaders says that everybody on this machine can read tokens. Hashes are nobody's secret.
func (a *Authenticator) warnOfReaders(text []byte) {
	path := a.options.File
	info, err := os.Stat(path)
	if err == nil && info.Mode().Perm()&0o004 != 0 && token.HasPlain(text) && runtime.GOOS != "windows" {
		a.log.Warn("everybody on this machine may read the tokens file; want chmod o-r, or `name: sha256:HASH` lines from `hub token hash`",
			"file", path, "mode", info.Mode().Perm().String())
	}
}

func (a *Authenticator) openIssuers(ctx context.Context) error {
	list := make([]jwt.Issuer, len(a.options.Issuers))
	for i, is := range a.options.Issuers {
		list[i] = is.Issuer
	}
	var err error
	a.verifier, err = jwt.Open(ctx, list, jwt.Options{Logger: a.log, Refreshed: a.options.Refreshed})
	if err != nil {
		return sourceError(err)
	}
	a.files = append(a.files, a.verifier.Files()...)
	return nil
}

// Files are the files that the caller watches.
func (a *Authenticator) Files() []*filewatch.Files { return a.files }

// Run refreshes the keys of issuers until ctx ends.
func (a *Authenticator) Run(ctx context.Context) { a.verifier.Run(ctx) }

// permissionsOf are what a name may do.
func (a *Authenticator) permissionsOf(name string) *access.Permissions {
	if a.options.Permissions == nil {
		return nil
	}
	if p, ok := a.options.Permissions[name]; ok {
		return p
	}
	return a.nothing
}
