// Package deflate is permessage-deflate without connections: Negotiate reads what a browser offers and says what is
// agreed, and a Compressor makes the compressed payload of a message.
//
// Each message is compressed by itself (server_no_context_takeover, client_no_context_takeover), so that a connection
// owns no compressor, and what many browsers are sent is compressed once for each size of window, of which there
// are eight. A smaller window than the usual one is a browser's wish (server_max_window_bits), and honoured.
//
// It does not inflate: the library under the connection does.
//
// # Goroutines and locks
//
// There are none. A Compressor is safe for concurrent use; idle encoders are pooled and dropped by the garbage collector. How many are
// at work at the same time is the caller's to bound: each has EncoderBytes.
//
// Spec: RFC 7692; RFC 6455, 9.1.
package deflate
