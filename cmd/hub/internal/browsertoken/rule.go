package browsertoken

import (
	"context"
	"log/slog"
	"strings"

	"github.com/siohub/siohub/cmd/hub/internal/filewatch"
	"github.com/siohub/siohub/cmd/hub/internal/jwt"
)

// Rule says where tokens decide, and how.
type Rule struct {
	// Namespaces are patterns: /chat, /org/*, /* for all but /.
	Namespaces []string
	Issuers    []jwt.Issuer
	// From are the places of the token: auth.NAME, header:NAME, cookie:NAME, query:NAME.
	// The first one that is there counts.
	From []string
	// User, Rooms and Data are the claims that say them, a dot leads into an object.
	// Empty means that none does. A claim for the user is required in the token then.
	User, Rooms, Data string
	// Expires is the claim that says when the browser has to leave: `exp`, another one,
	// or `none`.
	Expires string
	// Behind is true where an authorizer decides what no token does.
	Behind bool
}

// Options are how a Decider works.
type Options struct {
	// Logger is told why tokens are refused, at debug level, and about keys. Nil means
	// slog.Default.
	Logger *slog.Logger
	// Refreshed is told what came of each refresh of an issuer's keys.
	Refreshed func(issuer string, err error)
}

// Decider implements access.BrowserTokens.
type Decider struct {
	rules []*rule
	log   *slog.Logger
}

type rule struct {
	Rule
	verifier *jwt.Verifier
}

// Open reads the keys of all rules, whose settings have been checked. Its error is a
// *jwt.SourceError.
func Open(ctx context.Context, rules []Rule, options Options) (*Decider, error) {
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	d := &Decider{log: options.Logger.With("component", "controlplane")}
	for _, r := range rules {
		v, err := jwt.Open(ctx, r.Issuers, jwt.Options{Logger: d.log, Refreshed: options.Refreshed})
		if err != nil {
			return nil, err
		}
		d.rules = append(d.rules, &rule{r, v})
	}
	return d, nil
}

// Files are the files that the caller watches.
func (d *Decider) Files() []*filewatch.Files {
	var files []*filewatch.Files
	for _, r := range d.rules {
		files = append(files, r.verifier.Files()...)
	}
	return files
}

// Decides implements access.BrowserTokens.
func (d *Decider) Decides(namespace string) bool { return d.rule(namespace) != nil }

// rule is the most specific one for a namespace, or nil.
func (d *Decider) rule(namespace string) *rule {
	var best *rule
	length := -1
	for _, r := range d.rules {
		for _, pattern := range r.Namespaces {
			if matches(pattern, namespace) && specificity(pattern) > length {
				best, length = r, specificity(pattern)
			}
		}
	}
	return best
}

func matches(pattern, namespace string) bool {
	prefix, wild := strings.CutSuffix(pattern, "*")
	if !wild {
		return pattern == namespace
	}
	return prefix == "" || (len(namespace) > len(prefix) && strings.HasPrefix(namespace, prefix))
}

// specificity orders patterns that match the same namespace: exact ones before all.
func specificity(pattern string) int {
	if !strings.HasSuffix(pattern, "*") {
		return 1 << 20
	}
	return len(pattern)
}
