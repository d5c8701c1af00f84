// Package clustertest holds an engine to what package cluster promises, and has one in memory.
//
// # What it is
//
// Run is the tests that every engine passes; an engine's own tests call it with a Net: some hubs on one engine, and what can
// be done to them. Switch is an engine in memory: what crosses it may be dropped, delayed, doubled and reordered, one hub be
// cut off, or all of it be away. Host is a hub that records.
//
// RunRecorder is the tests of a cluster.Recorder. Switch.Recorder has a log and keeps sessions, in memory too: what is published
// goes through the log, in whose order it is applied; a hub can be held back from reading it (Switch.Hold), the log be made
// short (Switch.LogLength), and foreign servers be played (Switch.PublishForeign, Switch.KeepForeign). The ends of one switch
// are all made by Cluster, or all by Recorder.
//
// # What it is not
//
// It is no engine for production: a Switch connects hubs of one process alone.
//
// # Goroutines and locks
//
// Each hub of a Switch has one goroutine that receives, and one that reads the log where there is one; the Close of its
// cluster ends them. The locks of Switch and Host are
// leaves. Tests run in virtual time (testing/synctest) as well as in real time: they wait for conditions.
package clustertest
