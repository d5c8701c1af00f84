// Package clustertest holds an engine to what package cluster promises, and has one in memory.
//
// # What it is
//
// Run is the tests that every engine passes; an engine's own tests call it with a Net: some hubs on one engine, and what can
// be done to them. Switch is an engine in memory: what crosses it may be dropped, delayed, doubled and reordered, one hub be
// cut off, or all of it be away. Host is a hub that records.
//
// # What it is not
//
// It is no engine for production: a Switch connects hubs of one process alone.
//
// # Goroutines and locks
//
// Each hub of a Switch has one goroutine that receives; the Close of its cluster ends it. The locks of Switch and Host are
// leaves. Tests run in virtual time (testing/synctest) as well as in real time: they wait for conditions.
package clustertest
