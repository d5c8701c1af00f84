package config

import "github.com/siohub/siohub/cmd/hub/internal/token"

// TokenList gives the tokens of `control.tokens`; those of the file are read when the
// hub starts, and again when the file changes.
func (c *Control) TokenList() []token.Token {
	tokens := make([]token.Token, 0, len(c.Tokens))
	for _, pair := range c.Tokens {
		if t, err := token.Parse(pair); err == nil {
			tokens = append(tokens, t)
		}
	}
	return tokens
}

// Guarded reports whether services have to say who they are.
func (c *Control) Guarded() bool {
	return c.TokensFile != "" || len(c.Tokens) > 0 || len(c.JWT) > 0 || c.TLS.ClientCA != ""
}

func isTokenPair(pair string) bool {
	_, err := token.Parse(pair)
	return err == nil
}
