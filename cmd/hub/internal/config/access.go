package config

import (
	"cmp"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/siohub/siohub/cmd/hub/internal/jwt"
)

// Issuer is an issuer of JWTs and where its keys stand.
type Issuer struct {
	// Key is where it stands in the configuration, with an index only where that is a list: what errors say.
	Key               string
	Issuer            string
	Audience          []string
	Algorithms        []string
	JWKSFile, JWKSURL string
}

// JWTIssuer is an issuer whose tokens services show.
type JWTIssuer struct {
	Issuer
	// NameClaim names the identity. Empty means sub.
	NameClaim string
	// Identities maps values of the claim to identities. Empty means that they are the
	// same.
	Identities map[string]string
}

// Identity has the rules of one identity.
type Identity struct {
	Groups, Roles, Namespaces, Events, Rooms, Users, Verbs []string
	MaxInstances, CommandsPerSecond                        int
}

// BrowserJWT says where a token of a browser decides a connect attempt.
type BrowserJWT struct {
	Namespaces []string
	Issuers    []Issuer
	// From are the places where the token may stand, the first one that is there counts.
	From []string
	// User, Rooms and Data are the claims that say them; empty means that none does.
	// Expires is the claim that says when the browser has to leave; empty means exp, and
	// `none` never.
	User, Rooms, Data, Expires string
	// Behind is `none`, or `authorizer` where a token that is missing is somebody
	// else's to decide.
	Behind string
}

// jwtAlgorithms are the signatures that are taken.
var jwtAlgorithms = jwt.AlgorithmNames()

// issuer reads what both kinds of issuers have.
func (s *section) issuer() Issuer {
	is := Issuer{
		Key: s.path, Issuer: s.text("issuer"), Audience: s.list("audience"), Algorithms: s.list("algorithms"),
		JWKSFile: s.text("jwks_file"), JWKSURL: s.text("jwks_url"),
	}
	if is.Issuer == "" {
		s.refuse("issuer", nil, "is required: the claim iss of its tokens")
	}
	if len(is.Audience) == 0 {
		s.refuse("audience", nil, "is required: the claim aud of tokens that are meant for this hub")
	}
	if len(is.Algorithms) == 0 {
		s.refuse("algorithms", nil, "is required: some of "+strings.Join(jwtAlgorithms, ", "))
	}
	for _, a := range is.Algorithms {
		if !slices.Contains(jwtAlgorithms, a) {
			s.refuse("algorithms", a, "want some of "+strings.Join(jwtAlgorithms, ", "))
		}
	}
	switch {
	case (is.JWKSFile == "") == (is.JWKSURL == ""):
		s.refuse("jwks_url", nil, "want either jwks_url or jwks_file: where the keys of the issuer stand")
	case is.JWKSURL != "" && !isKeyURL(is.JWKSURL):
		// A URL that is refused may have a password in it.
		s.refuse("jwks_url", nil, "want an https URL without user and password")
	}
	return is
}

func isKeyURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && u.User == nil && u.Fragment == "" && (u.Scheme == "https" || u.Scheme == "http")
}

// isForgeable reports whether somebody on the network could put keys of their own in
// the place of those of a URL.
func isForgeable(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "http" && !isLocalHost(u.Hostname())
}

func isLocalHost(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.Unmap().IsLoopback())
}

func readJWTIssuers(name string, raw any, problems *[]*Problem) []JWTIssuer {
	var all []JWTIssuer
	for _, s := range sections(name, raw, problems) {
		all = append(all, JWTIssuer{Issuer: s.issuer(), NameClaim: s.text("name_claim"), Identities: s.pairs("identities")})
		s.end()
	}
	return all
}

func readIdentities(name string, raw any, problems *[]*Problem) map[string]Identity {
	s := newSection(name, raw, problems)
	if len(s.values) == 0 {
		return nil
	}
	all := make(map[string]Identity, len(s.values))
	for _, id := range slices.Sorted(maps.Keys(s.values)) {
		one := s.section(id)
		limits := one.section("limits")
		all[id] = Identity{
			Groups: one.list("groups"), Roles: one.list("roles"), Namespaces: one.list("namespaces"),
			Events: one.list("events"), Rooms: one.list("rooms"), Users: one.list("users"), Verbs: one.list("verbs"),
			MaxInstances: limits.count("max_instances", 100_000), CommandsPerSecond: limits.count("commands_per_second", 10_000_000),
		}
		limits.end()
		one.end()
	}
	return all
}

func readBrowserJWT(name string, raw any, problems *[]*Problem) []BrowserJWT {
	var all []BrowserJWT
	for _, s := range sections(name, raw, problems) {
		all = append(all, s.browserJWT())
		s.end()
	}
	return all
}

func (s *section) browserJWT() BrowserJWT {
	b := BrowserJWT{Namespaces: s.list("namespaces"), From: s.list("from"), Behind: s.text("behind")}
	if len(b.Namespaces) == 0 {
		s.refuse("namespaces", nil, "is required: the namespaces where a token decides, such as /chat or /org/*")
	}
	for _, n := range b.Namespaces {
		if !isNamespacePattern(n) {
			s.refuse("namespaces", n, "want namespaces such as /, /chat or /org/*")
		}
	}
	if len(b.From) == 0 {
		b.From = []string{"auth.token"}
	}
	for _, f := range b.From {
		if !isTokenPlace(f) {
			s.refuse("from", f, "want some of auth.NAME, header:NAME, cookie:NAME, query:NAME")
		}
	}
	switch b.Behind {
	case "":
		b.Behind = "none"
	case "none", "authorizer":
	default:
		s.refuse("behind", b.Behind, "want one of none, authorizer")
	}
	claims := s.section("claims")
	b.User, b.Rooms, b.Data = claims.text("user"), claims.text("rooms"), claims.text("data")
	b.Expires = cmp.Or(claims.text("expires"), "exp")
	claims.end()
	if _, several := s.take("issuers"); several {
		raw := s.values["issuers"]
		for _, is := range sections(s.path+".issuers", raw, s.problems) {
			b.Issuers = append(b.Issuers, is.issuer())
			is.end()
		}
		return b
	}
	b.Issuers = []Issuer{s.issuer()}
	return b
}

// showIssuer is an issuer as YAML has it.
func showIssuer(is Issuer) map[string]any {
	m := map[string]any{"issuer": is.Issuer, "audience": is.Audience, "algorithms": is.Algorithms}
	setText(m, "jwks_file", is.JWKSFile)
	setText(m, "jwks_url", shownURL(is.JWKSURL))
	return m
}

// shownURL leaves out what might be a key: the query.
func shownURL(s string) string {
	if before, _, ok := strings.Cut(s, "?"); ok {
		return before + "?" + mask
	}
	return s
}

func setText(m map[string]any, name, value string) {
	if value != "" {
		m[name] = value
	}
}

func setList(m map[string]any, name string, values []string) {
	if len(values) > 0 {
		m[name] = values
	}
}

func showJWTIssuers(list []JWTIssuer) any {
	out := []any{}
	for _, is := range list {
		m := showIssuer(is.Issuer)
		setText(m, "name_claim", is.NameClaim)
		if len(is.Identities) > 0 {
			m["identities"] = is.Identities
		}
		out = append(out, m)
	}
	return out
}

func showIdentities(all map[string]Identity) any {
	out := map[string]any{}
	for name, id := range all {
		m := map[string]any{}
		setList(m, "groups", id.Groups)
		setList(m, "roles", id.Roles)
		setList(m, "namespaces", id.Namespaces)
		setList(m, "events", id.Events)
		setList(m, "rooms", id.Rooms)
		setList(m, "users", id.Users)
		setList(m, "verbs", id.Verbs)
		if id.MaxInstances > 0 || id.CommandsPerSecond > 0 {
			m["limits"] = map[string]int{"max_instances": id.MaxInstances, "commands_per_second": id.CommandsPerSecond}
		}
		out[name] = m
	}
	return out
}

func showBrowserJWT(list []BrowserJWT) any {
	out := []any{}
	for _, b := range list {
		issuers := []any{}
		for _, is := range b.Issuers {
			issuers = append(issuers, showIssuer(is))
		}
		claims := map[string]any{"expires": b.Expires}
		setText(claims, "user", b.User)
		setText(claims, "rooms", b.Rooms)
		setText(claims, "data", b.Data)
		out = append(out, map[string]any{
			"namespaces": b.Namespaces, "from": b.From, "behind": b.Behind, "issuers": issuers, "claims": claims,
		})
	}
	return out
}

// isTokenPlace takes auth.token, header:Authorization, cookie:session and the like.
func isTokenPlace(s string) bool {
	for _, kind := range []string{"auth.", "header:", "cookie:", "query:"} {
		if name, ok := strings.CutPrefix(s, kind); ok {
			return name != "" && !strings.ContainsAny(name, " \t\r\n:;=,\"")
		}
	}
	return false
}
