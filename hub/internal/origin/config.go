package origin

import "time"

// Config says which pages of other hosts may talk to the server. One rule holds for every
// transport: a request without Origin is allowed, one from the same host too, a listed one too, and
// any other is refused with 403.
type Config struct {
	// Origins are those of option.OriginPattern: "https://chat.example.com", "https://*.example.com", or "*". Empty
	// allows the same host only.
	// Key: cors.origins.
	Origins []string
	// Credentials allows cookies; refused together with "*". Key: cors.credentials.
	Credentials bool
	// Methods are named by preflights. Default GET, HEAD, PUT, PATCH, POST, DELETE. Key: cors.methods.
	Methods []string
	// AllowedHeaders default to what the browser asks for. Key: cors.allowed_headers.
	AllowedHeaders []string
	// ExposedHeaders default to none. Key: cors.exposed_headers.
	ExposedHeaders []string
	// MaxAge lets browsers remember a preflight's answer. Zero leaves it to them.
	// Key: cors.max_age.
	MaxAge time.Duration
}
