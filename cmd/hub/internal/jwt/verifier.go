package jwt

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jws"

	"github.com/siohub/siohub/cmd/hub/internal/filewatch"
)

const (
	// Skew is how much clocks may differ.
	Skew = 30 * time.Second
	// maxTokenBytes bounds what is looked at.
	maxTokenBytes = 16 << 10
)

// Options are how a Verifier works.
type Options struct {
	// Logger is told when keys are read again, or cannot be. Nil means nowhere.
	Logger *slog.Logger
	// Refreshed is told what came of each refresh. Nil means nobody looks.
	Refreshed func(issuer string, err error)
}

// Verifier verifies the tokens of some issuers.
type Verifier struct {
	issuers []*issuer
	files   []*filewatch.Files
}

type issuer struct {
	Issuer
	algorithms []jwa.SignatureAlgorithm
	source     *source
}

// Open reads the keys of all issuers, whose settings have been checked. Its error is a
// *SourceError.
func Open(ctx context.Context, list []Issuer, options Options) (*Verifier, error) {
	if options.Logger == nil {
		options.Logger = slog.New(slog.DiscardHandler)
	}
	v := &Verifier{}
	for _, config := range list {
		is := &issuer{Issuer: config}
		for _, name := range config.Algorithms {
			a, ok := algorithmOf(name)
			if !ok {
				return nil, &SourceError{Key: config.Key + ".algorithms", Value: name, Err: errors.New("want some of AlgorithmNames")}
			}
			is.algorithms = append(is.algorithms, a)
		}
		is.source = newSource(config.URL, teller(options, config))
		v.issuers = append(v.issuers, is)
		if err := v.open(ctx, is); err != nil {
			return nil, &SourceError{Key: config.Key + "." + config.setting(), Value: config.shown(), Err: err}
		}
	}
	return v, nil
}

// open reads keys for the first time.
func (v *Verifier) open(ctx context.Context, is *issuer) error {
	if is.URL != "" {
		return is.source.first(ctx)
	}
	files, contents, err := filewatch.Open(func(contents [][]byte, err error) {
		is.source.told(is.source.read(contents, err))
	}, is.File)
	if err = is.source.read(contents, err); err != nil {
		return err
	}
	v.files = append(v.files, files)
	return nil
}

// read takes keys from a file.
func (s *source) read(contents [][]byte, err error) error {
	if err != nil {
		return fmt.Errorf("%w; want a file with a JWK set", err)
	}
	keys, err := parseKeys(contents[0])
	if err == nil {
		s.keys.Store(keys)
	}
	return err
}

// teller says what came of a refresh: a failure and the first success after one.
func teller(options Options, config Issuer) func(error) {
	var mu sync.Mutex
	failing := false
	return func(err error) {
		if options.Refreshed != nil {
			options.Refreshed(config.Name, err)
		}
		mu.Lock()
		defer mu.Unlock()
		log := options.Logger.With("issuer", config.Name, "source", config.shown())
		switch {
		case err != nil && !failing:
			log.Warn("keys of an issuer not read again, the old ones stay", "error", err)
		case err == nil && failing:
			log.Info("keys of an issuer are read again")
		}
		failing = err != nil
	}
}

// Files are the files of keys; the caller watches them.
func (v *Verifier) Files() []*filewatch.Files { return v.files }

// Run refreshes the keys of URLs until ctx ends.
func (v *Verifier) Run(ctx context.Context) {
	var running sync.WaitGroup
	for _, is := range v.issuers {
		if is.URL != "" {
			running.Go(func() { is.source.run(ctx) })
		}
	}
	running.Wait()
}

// Verify checks a token that was shown at this time. It does not wait: a *PendingError
// means that it is worth to ask again, with the same time. Any other error is one of
// this package's.
func (v *Verifier) Verify(token string, seen time.Time) (*Claims, error) {
	if len(token) > maxTokenBytes {
		return nil, ErrMalformed
	}
	message, err := jws.Parse([]byte(token), jws.WithCompact())
	if err != nil || len(message.Signatures()) != 1 {
		return nil, ErrMalformed
	}
	header := message.Signatures()[0].ProtectedHeaders()
	// Before the signature is checked the issuer only says where to look for keys.
	claims, err := parseClaims(message.Payload())
	if err != nil || header == nil || header.Has("crit") || header.Has("b64") {
		return nil, ErrMalformed
	}
	var first error
	for i, is := range v.issuers {
		if is.Name != claims.Issuer() {
			continue
		}
		// An issuer may stand in the list again, with other audiences and keys.
		err := is.verify(token, header, claims, seen)
		var pending *PendingError
		switch {
		case err == nil:
			claims.Index = i
			return claims, nil
		case errors.As(err, &pending):
			return nil, err
		case first == nil:
			first = err
		}
	}
	if first == nil {
		first = ErrIssuer
	}
	return nil, first
}

// verify checks algorithm, signature and claims, in this order.
func (is *issuer) verify(token string, header jws.Headers, claims *Claims, seen time.Time) error {
	alg, _ := header.Algorithm()
	if !slices.ContainsFunc(is.algorithms, func(a jwa.SignatureAlgorithm) bool { return a.String() == alg.String() }) {
		return ErrAlgorithm
	}
	kid, _ := header.KeyID()
	keys, known := is.source.keys.Load().find(alg, kid)
	unknown := ErrKey
	if !known {
		var done <-chan struct{}
		if done, unknown = is.source.missing(seen); done != nil {
			return &PendingError{done}
		}
	}
	if len(keys) == 0 {
		return unknown
	}
	for _, key := range keys {
		if _, err := jws.Verify([]byte(token), jws.WithKey(alg, key), jws.WithCompact()); err == nil {
			return claims.validate(&is.Issuer)
		}
	}
	return ErrSignature
}

func (is Issuer) setting() string {
	if is.URL == "" {
		return "jwks_file"
	}
	return "jwks_url"
}

// shown is a source as it may be printed: a URL without what might be secret in it.
func (is Issuer) shown() string {
	if is.URL == "" {
		return is.File
	}
	u, err := url.Parse(is.URL)
	if err != nil {
		return "a URL"
	}
	return u.Scheme + "://" + u.Host + u.Path
}
