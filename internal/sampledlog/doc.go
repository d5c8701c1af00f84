// Package sampledlog writes lines to the log that strangers could repeat as often as they like: one in a period, with
// how many were left out since the one before.
package sampledlog
