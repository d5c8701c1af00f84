package access

// Error is why a caller is not let in, or not any longer. It never has a secret
// in it.
type Error struct {
	// Reason is a word for programs, such as TOKEN_WRONG.
	Reason string
	// Message is a sentence for people.
	Message string
}

// Error implements error.
func (e *Error) Error() string { return "access: " + e.Message }

// The ways in which credentials fail.
var (
	// ErrTokenMissing: the call has no bearer token, and nothing in its place.
	ErrTokenMissing = &Error{"TOKEN_MISSING", "a bearer token is required, in the metadata key authorization: kits take it from HUB_TOKEN or HUB_TOKEN_FILE"}
	// ErrTokenWrong: the token belongs to nobody.
	ErrTokenWrong = &Error{"TOKEN_WRONG", "the bearer token is not a valid one"}
	// ErrTokenExpired: the token was valid once. It also ends streams.
	ErrTokenExpired = &Error{"TOKEN_EXPIRED", "the bearer token has expired"}
	// ErrTokenRevoked: the token was removed while a stream lived by it.
	ErrTokenRevoked = &Error{"TOKEN_REVOKED", "the bearer token is not valid any more"}
	// ErrCertificateMissing: neither a token nor a certificate was shown.
	ErrCertificateMissing = &Error{"CERTIFICATE_MISSING", "a client certificate is required"}
	// ErrCertificateExpired: the certificate was valid once. It ends streams.
	ErrCertificateExpired = &Error{"CERTIFICATE_EXPIRED", "the client certificate has expired"}
	// ErrCertificateUnknown: the certificate is verified, and names nobody that is known.
	ErrCertificateUnknown = &Error{"CERTIFICATE_UNKNOWN", "the client certificate names no known identity"}
)
