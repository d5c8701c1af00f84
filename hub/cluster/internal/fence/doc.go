// Package fence is the fences of a cluster.Recorder, for every engine with a log.
//
// # What it is
//
// A Fence begins with Fences.Begin, travels behind what its hub has published, and ends at the Gate of the log's reader once
// everything up to the end that the log had then has been applied, or after a while, or with its engine.
//
//	Fences.Begin ─► the engine's queue ─► where does the log end? ─► Gate.Await ─► done
//	                                               reader ─► Gate.Apply ──┘
//
// # What it is not
//
// It knows no engine and no log.
//
// # Goroutines and locks
//
// It has none of its own, but for timers. A Gate's first lock is held while an entry is applied and while a fence ends, so that
// a fence's function sees a hub that has applied exactly what it is told.
package fence
