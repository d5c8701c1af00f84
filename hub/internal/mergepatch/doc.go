// Package mergepatch merges JSON as RFC 7396 has it, and leaves every value that it does not merge as it was
// written: a number keeps its digits, a string its escapes.
//
// # What it is not
//
// It checks no sizes: depth and bytes are its caller's. It makes no patches.
//
// # Main function
//
// Merge. It starts no goroutines and has no locks.
package mergepatch
