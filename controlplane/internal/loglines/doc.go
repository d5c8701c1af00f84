// Package loglines writes lines to the log that services can repeat as often as they like: so
// many of a kind, and then a count of those that were left out.
//
// Lines is the writer. Lately is for what has a name that strangers choose: it says whether a
// name was told of within the last minute, and remembers a bounded number of them.
//
// It is not the log's level or format, and samples nothing by chance. What browsers alone
// can repeat is sampled by internal/sampledlog of the module.
//
// The package starts no goroutine. Both locks are leaves; none is held while a line is
// written.
package loglines
