package config

import "strings"

// minTokenBytes is the least length of a token: 16 random characters hold more
// than anybody guesses over a network.
const minTokenBytes = 16

// Token is a bearer token and the name of the service that it belongs to. It must
// never be printed.
type Token struct{ Name, Secret string }

// TokenList gives the tokens of `control.tokens`; those of the file are read by the
// control plane, which reads them again when the file changes.
func (c *Control) TokenList() []Token {
	tokens := make([]Token, 0, len(c.Tokens))
	for _, pair := range c.Tokens {
		if t, ok := splitToken(pair); ok {
			tokens = append(tokens, t)
		}
	}
	return tokens
}

// Guarded reports whether services need a token.
func (c *Control) Guarded() bool { return c.TokensFile != "" || len(c.Tokens) > 0 }

func splitToken(pair string) (Token, bool) {
	name, secret, ok := strings.Cut(pair, ":")
	t := Token{Name: strings.TrimSpace(name), Secret: strings.TrimSpace(secret)}
	return t, ok && t.Name != "" && len(t.Secret) >= minTokenBytes && !strings.ContainsAny(t.Secret, " \t")
}

func isTokenPair(pair string) bool {
	_, ok := splitToken(pair)
	return ok
}
