package config

import "fmt"

func accessKeys() []Key {
	issuers := structure("a list of {issuer, audience, algorithms, jwks_url or jwks_file, name_claim, identities}", readJWTIssuers, showJWTIssuers)
	identities := structure("names with groups, roles, namespaces, events, rooms, users, verbs and limits", readIdentities, showIdentities)
	browsers := structure("{namespaces, issuer, audience, algorithms, jwks_url or jwks_file, from, claims, behind}, or a list of them", readBrowserJWT, showBrowserJWT)
	return group("Who may what",
		newKey("control.tls.cert", func(c *Config) *string { return &c.Control.TLS.Cert },
			text("a PEM file with the certificate and its chain; empty for no TLS", nil),
			"Certificate of the control listener, read again when it changes."),
		newKey("control.tls.key", func(c *Config) *string { return &c.Control.TLS.Key },
			text("a PEM file with the private key", nil),
			"Its private key."),
		newKey("control.tls.client_ca", func(c *Config) *string { return &c.Control.TLS.ClientCA },
			text("a PEM file with one or more certificates; empty for none", nil),
			"Authorities whose client certificates name services: by a URI, a DNS name or the common name. Read again when it changes."),
		newKey("control.tls.client_auth", func(c *Config) *string { return &c.Control.TLS.ClientAuth },
			choice("require", "optional"),
			"Whether each client has to show a certificate that `control.tls.client_ca` verifies, or may show a token instead."),
		issuers("control.jwt", func(c *Config) *[]JWTIssuer { return &c.Control.JWT },
			"Issuers whose JWTs services may show as bearer tokens."),
		identities("identities", func(c *Config) *map[string]Identity { return &c.Identities },
			"What each service may do. Once there is one, a service without rules may do nothing."),
		newKey("control.reflection", func(c *Config) *string { return &c.Control.Reflection }, automatic(),
			"Whether the control listener tells its contract to gRPC tools. `auto`: where services need not say who they are."),
		browsers("browsers.jwt", func(c *Config) *[]BrowserJWT { return &c.BrowserJWT },
			"Namespaces where the hub itself lets in browsers, by a JWT that it verifies."),
	)
}

// automatic reads true, false and auto.
func automatic() codec[string] {
	c := choice("auto", "true", "false")
	parse := c.parse
	c.parse = func(raw any) (string, bool) {
		if b, ok := raw.(bool); ok {
			return fmt.Sprint(b), true
		}
		return parse(raw)
	}
	return c
}
