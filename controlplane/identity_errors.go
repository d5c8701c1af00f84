package controlplane

import (
	"errors"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
)

// AuthError is why a caller is not let in, or not any longer. It never has a secret
// in it.
type AuthError struct {
	// Reason is a word for programs, such as TOKEN_WRONG.
	Reason string
	// Message is a sentence for people.
	Message string
}

// Error implements error.
func (e *AuthError) Error() string { return "controlplane: " + e.Message }

// The ways in which credentials fail.
var (
	// ErrTokenMissing: the call has no bearer token, and nothing in its place.
	ErrTokenMissing = &AuthError{"TOKEN_MISSING", "a bearer token is required, in the metadata key authorization"}
	// ErrTokenWrong: the token belongs to nobody.
	ErrTokenWrong = &AuthError{"TOKEN_WRONG", "the bearer token is not a valid one"}
	// ErrTokenExpired: the token was valid once. It also ends streams.
	ErrTokenExpired = &AuthError{"TOKEN_EXPIRED", "the bearer token has expired"}
	// ErrTokenRevoked: the token was removed while a stream lived by it.
	ErrTokenRevoked = &AuthError{"TOKEN_REVOKED", "the bearer token is not valid any more"}
	// ErrCertificateMissing: neither a token nor a certificate was shown.
	ErrCertificateMissing = &AuthError{"CERTIFICATE_MISSING", "a client certificate is required"}
	// ErrCertificateExpired: the certificate was valid once. It ends streams.
	ErrCertificateExpired = &AuthError{"CERTIFICATE_EXPIRED", "the client certificate has expired"}
	// ErrCertificateUnknown: the certificate is verified, and names nobody that is known.
	ErrCertificateUnknown = &AuthError{"CERTIFICATE_UNKNOWN", "the client certificate names no known identity"}
)

// rpc is the error of a call.
func (e *AuthError) rpc() error {
	reason, ok := fault.Lookup(e.Reason)
	if !ok || reason.Code() != hubv1.Code_CODE_UNAUTHENTICATED {
		reason = fault.Unauthenticated
	}
	return fault.New(reason, e.Message).GRPC()
}

// authEnd is how a call ends that lived by credentials, by the cause of its context.
func authEnd(cause error) error {
	var refused *AuthError
	if errors.As(cause, &refused) {
		return refused.rpc()
	}
	return nil
}
