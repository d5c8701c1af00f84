// Package services holds the inputs of package hostile that come from application
// services: one row each, in tables by what is done wrong.
//
//	hello, first, envelopes, unknown    what a stream starts with, and what is no message
//	commands, queries                   each on a stream and by ControlService
//	unary                               calls without a stream
//	story, resume                       settlements of real deliveries; streams that come back
//	slow, endless                       whoever sends nothing, too much, or reads nothing
//	wire, wire_rows                     HTTP/2 below gRPC, frame by frame
//	token                               services without the right token
//
// It is not a kit for services: an actor says what its row wants, well formed or not,
// and Serve is the healthy service beside it. It runs nothing by itself: TestHostile
// does, with the rows of browsers, so that each side's inputs meet the other's.
//
// # Goroutines
//
// Serve has one, which ends with its stream; those of gRPC end with the Probe that an
// input was given.
package services
