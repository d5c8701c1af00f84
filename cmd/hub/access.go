package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/siohub/siohub/cmd/hub/internal/acmecerts"
	"github.com/siohub/siohub/cmd/hub/internal/browsertoken"
	"github.com/siohub/siohub/cmd/hub/internal/certs"
	"github.com/siohub/siohub/cmd/hub/internal/config"
	"github.com/siohub/siohub/cmd/hub/internal/filewatch"
	"github.com/siohub/siohub/cmd/hub/internal/identity"
	"github.com/siohub/siohub/cmd/hub/internal/jwt"
	"github.com/siohub/siohub/cmd/hub/internal/metrics"
	"github.com/siohub/siohub/cmd/hub/internal/token"
	"github.com/siohub/siohub/controlplane"
	"github.com/siohub/siohub/controlplane/access"
	"github.com/siohub/siohub/internal/rawcreds"
)

// admission is who may reach what of a node: callers of the control listener, its TLS,
// and browsers that show tokens. A part that is not configured is nil.
type admission struct {
	callers  *identity.Authenticator
	tls      *certs.Files
	web      *certs.Files            // of listen_tls
	issued   *acmecerts.Certificates // of listen_tls, in its place
	browsers *browsertoken.Decider
	peers    peerAccess
	again    chan struct{} // asks run to read the files at once
}

// openAdmission reads tokens, certificates and keys. Own are tokens of services that this
// process starts itself. Its error is a *config.Error.
func openAdmission(ctx context.Context, c *config.Config, own []token.Token, logger *slog.Logger, m *metrics.Metrics) (*admission, error) {
	refreshed := m.KeysRefreshed
	a := &admission{again: make(chan struct{}, 1)}
	rules, err := permissionsOf(c)
	if err != nil {
		return nil, err
	}
	if t := c.Control.TLS; t.Cert != "" {
		a.tls, err = certs.Open(certs.Options{
			Cert: t.Cert, Key: t.Key, ClientCA: t.ClientCA, ClientRequired: t.ClientAuth == "require",
			Logger: logger.With("component", "controlplane"),
		})
		if err != nil {
			return nil, accessError("control.tls.", err)
		}
	}
	if t := c.TLS; t.Cert != "" {
		a.web, err = certs.Open(certs.Options{Cert: t.Cert, Key: t.Key, Protocols: webProtocols, Logger: logger.With("component", "http")})
		if err != nil {
			return nil, accessError("tls.", err)
		}
	}
	if len(c.TLS.ACME.Hosts) > 0 {
		if a.issued, err = openIssued(c.TLS.ACME, logger, m); err != nil {
			return nil, accessError("", err)
		}
	}
	if err = a.peers.open(c.Cluster, logger); err != nil {
		return nil, err
	}
	if c.Control.Guarded() {
		a.callers, err = identity.New(ctx, identity.Options{
			Tokens: c.Control.TokenList(), File: c.Control.TokensFile, Own: own, Issuers: callerIssuers(c.Control.JWT),
			Permissions: rules, Logger: logger, Refreshed: refreshed,
		})
		if err != nil {
			return nil, accessError("", err)
		}
	}
	if len(c.BrowserJWT) > 0 {
		a.browsers, err = browsertoken.Open(ctx, browserRules(c.BrowserJWT), browsertoken.Options{Logger: logger, Refreshed: refreshed})
		if err != nil {
			return nil, accessError("", err)
		}
	}
	return a, nil
}

// configure puts what there is into the control plane's configuration.
func (a *admission) configure(cc *controlplane.Config, c *config.Config) {
	// An interface that holds a nil pointer is not nil.
	if a.callers != nil {
		cc.Authenticator = a.callers
	}
	if a.browsers != nil {
		cc.BrowserTokens = a.browsers
	}
	switch c.Control.Reflection {
	case "auto":
		cc.NoReflection = c.Control.Guarded()
	case "false":
		cc.NoReflection = true
	}
}

// credentials are those of the gRPC server.
func (a *admission) credentials() credentials.TransportCredentials {
	transport := insecure.NewCredentials()
	if a.tls != nil {
		transport = credentials.NewTLS(a.tls.Config())
	}
	return rawcreds.Wrap(transport)
}

// run follows files and keys until ctx ends.
func (a *admission) run(ctx context.Context) {
	var running sync.WaitGroup
	var files []*filewatch.Files
	if a.peers.secrets != nil {
		files = append(files, a.peers.secrets.Watched())
	}
	for _, f := range []*certs.Files{a.tls, a.web, a.peers.tls} {
		if f != nil {
			files = append(files, f.Watched()...)
		}
	}
	if a.issued != nil {
		running.Go(func() { a.issued.Run(ctx) })
	}
	if a.callers != nil {
		files = append(files, a.callers.Files()...)
		running.Go(func() { a.callers.Run(ctx) })
	}
	if a.browsers != nil {
		files = append(files, a.browsers.Files()...)
		running.Go(func() { a.browsers.Run(ctx) })
	}
	if len(files) > 0 {
		running.Go(func() { filewatch.Run(ctx, a.again, files...) })
	}
	running.Wait()
}

// readAgain has files that have changed read at once. It does not wait for that.
func (a *admission) readAgain() {
	select {
	case a.again <- struct{}{}:
	default: // somebody has asked already, or there are no files
	}
}

// permissionsOf compiles the rules of all identities. Nil when none has any.
func permissionsOf(c *config.Config) (map[string]*access.Permissions, error) {
	if c.Identities == nil {
		return nil, nil
	}
	all := make(map[string]*access.Permissions, len(c.Identities))
	var problems []*config.Problem
	for _, name := range slices.Sorted(maps.Keys(c.Identities)) {
		id := c.Identities[name]
		p, err := access.NewPermissions(access.Rules{
			Groups: id.Groups, Roles: id.Roles, Namespaces: id.Namespaces, Events: id.Events, Rooms: id.Rooms, Users: id.Users,
			Verbs: id.Verbs, MaxInstances: id.MaxInstances, CommandsPerSecond: id.CommandsPerSecond,
		})
		var bad *access.RuleError
		switch {
		case errors.As(err, &bad):
			problems = append(problems, &config.Problem{
				Key: "identities." + name + "." + bad.Field, Value: fmt.Sprintf("%q", bad.Value), Allowed: "want " + bad.Allowed,
			})
		case err != nil:
			return nil, err
		}
		all[name] = p
	}
	if len(problems) > 0 {
		return nil, &config.Error{Problems: problems}
	}
	return all, nil
}

// openIssued prepares certificates that an authority issues.
func openIssued(o config.ACME, logger *slog.Logger, m *metrics.Metrics) (*acmecerts.Certificates, error) {
	return acmecerts.Open(acmecerts.Options{
		Hosts: o.Hosts, Cache: o.Cache, Email: o.Email, Directory: o.Directory, CA: o.CA, Protocols: webProtocols,
		Requested: m.AuthorityAsked, Obtained: m.CertificateObtained, Logger: logger.With("component", "http"),
	})
}

func callerIssuers(list []config.JWTIssuer) []identity.Issuer {
	all := make([]identity.Issuer, len(list))
	for i, is := range list {
		all[i] = identity.Issuer{Issuer: jwtIssuer(is.Issuer), NameClaim: is.NameClaim, Identities: is.Identities}
	}
	return all
}

func jwtIssuer(is config.Issuer) jwt.Issuer {
	return jwt.Issuer{Key: is.Key, Name: is.Issuer, Audiences: is.Audience, Algorithms: is.Algorithms, File: is.JWKSFile, URL: is.JWKSURL}
}

func browserRules(list []config.BrowserJWT) []browsertoken.Rule {
	rules := make([]browsertoken.Rule, len(list))
	for i, b := range list {
		rules[i] = browsertoken.Rule{
			Namespaces: b.Namespaces, From: b.From, User: b.User, Rooms: b.Rooms, Data: b.Data, Expires: b.Expires,
			Behind: b.Behind == "authorizer",
		}
		for _, is := range b.Issuers {
			rules[i].Issuers = append(rules[i].Issuers, jwtIssuer(is))
		}
	}
	return rules
}

// accessError is an error of a file or a source as one of the configuration. Certificates stand under the given prefix there.
func accessError(certificates string, err error) error {
	problem := func(key, value string, cause error) error {
		return &config.Error{Problems: []*config.Problem{{Key: key, Value: value, Allowed: cause.Error()}}}
	}
	var file *certs.Error
	var issued *acmecerts.Error
	var caller *identity.Error
	var browser *jwt.SourceError
	switch {
	case errors.As(err, &file):
		return problem(certificates+file.Setting, file.Path, fmt.Errorf("%w; want a PEM file", file.Err))
	case errors.As(err, &issued):
		return problem("tls.acme."+issued.Setting, issued.Value, issued.Err)
	case errors.As(err, &caller):
		return problem(caller.Key, caller.Value, caller.Err)
	case errors.As(err, &browser):
		return problem(browser.Key, browser.Value, browser.Err)
	}
	return err
}
