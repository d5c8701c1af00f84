package browsertoken

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"

	"github.com/siohub/siohub/cmd/hub/internal/jwt"
	"github.com/siohub/siohub/controlplane/access"
)

// Run refreshes the keys of issuers until ctx ends.
func (d *Decider) Run(ctx context.Context) {
	var running sync.WaitGroup
	for _, r := range d.rules {
		running.Go(func() { r.verifier.Run(ctx) })
	}
	running.Wait()
}

// Why a browser is denied. The code is in the data of its connect_error.
var (
	denyMissing = denial("TOKEN_MISSING", "a token is required")
	denyWrong   = denial("TOKEN_WRONG", "the token is not a valid one")
	denyExpired = denial("TOKEN_EXPIRED", "the token has expired")
)

func denial(code, message string) access.BrowserDecision {
	return access.BrowserDecision{
		Verdict: access.BrowserDenied, Message: message, Data: []byte(`{"code":"` + code + `"}`),
	}
}

// Decide implements access.BrowserTokens.
func (d *Decider) Decide(facts access.BrowserFacts) (access.BrowserDecision, error) {
	r := d.rule(facts.Namespace)
	if r == nil {
		return access.BrowserDecision{Verdict: access.BrowserPassed}, nil
	}
	decision, err := d.byRule(r, facts)
	if err == nil && decision.Verdict == access.BrowserDenied && r.Behind {
		decision = access.BrowserDecision{Verdict: access.BrowserPassed}
	}
	return decision, err
}

func (d *Decider) byRule(r *rule, facts access.BrowserFacts) (access.BrowserDecision, error) {
	token := r.token(facts)
	if token == "" {
		return denyMissing, nil
	}
	claims, err := r.verifier.Verify(token, facts.AttemptTime)
	var pending *jwt.PendingError
	switch {
	case errors.As(err, &pending):
		return access.BrowserDecision{}, access.ErrKeysPending
	case errors.Is(err, jwt.ErrExpired):
		return denyExpired, nil
	case err == nil:
		var accepted access.BrowserDecision
		if accepted, err = r.accept(claims); err == nil {
			return accepted, nil
		}
	}
	d.log.Debug("token of a browser refused", "namespace", facts.Namespace, "cause", err)
	return denyWrong, nil
}

// accept reads the claims that the rule maps. Its error is a claim that has a form
// which cannot be meant.
func (r *rule) accept(c *jwt.Claims) (access.BrowserDecision, error) {
	a := access.BrowserDecision{Verdict: access.BrowserAccepted}
	if r.User != "" {
		var ok bool
		if a.User, ok = textOf(c.Value(r.User)); !ok {
			return a, jwt.ErrClaims
		}
	}
	if rooms, ok := c.Value(r.Rooms); ok && r.Rooms != "" {
		if a.Rooms = jwt.Texts(rooms); a.Rooms == nil {
			return a, jwt.ErrClaims
		}
	}
	if data, ok := c.Value(r.Data); ok && r.Data != "" {
		var err error
		if a.Data, err = json.Marshal(data); err != nil {
			return a, jwt.ErrClaims
		}
	}
	switch r.Expires {
	case "none":
	case "", "exp":
		a.ExpireTime = c.Expire
	default:
		var ok bool
		if a.ExpireTime, ok = c.Time(r.Expires); !ok {
			return a, jwt.ErrClaims
		}
	}
	return a, nil
}

// textOf is a user id that is a text or a number.
func textOf(value any, ok bool) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, ok && v != "" && !strings.ContainsRune(v, 0)
	case json.Number:
		return v.String(), ok
	}
	return "", false
}
