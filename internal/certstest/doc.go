// Package certstest makes certificates for tests: authorities, and what they sign for
// servers and clients. It starts nothing; all of it is safe for concurrent use.
package certstest
