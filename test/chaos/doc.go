// Package chaos proves the promise that browsers never notice a service: 200
// browsers talk to three instances of a service, real processes, while one of them
// is killed with SIGKILL every second and started again. A few more browsers come
// and go all the time.
//
//	200 browsers ──WebSocket──► hub ◄──gRPC── instance a, b, c
//	(browser_test.go)          (cmd/hub)      (./instance, killed in turn)
//	      │                                          │
//	      └── what was sent, what was acked          └── the ledger: what was handled
//
// `make chaos` runs it for CHAOS_TIME (30s). CHAOS_SEED repeats the choices of an
// earlier run, as far as a machine repeats anything. CHAOS_BUILD=-race looks for
// data races in the hub at the same time.
//
// What has to hold, whatever is killed:
//
//   - No browser's connection ends.
//   - Each event with an ack is acked, once, with its own number, in the order of
//     the events, and after what its handler emitted before the reply.
//   - Each event reaches a handler. Two records of one delivery share its dedupe id,
//     and the later one has the greater attempt.
//   - Per socket `connected` is handled first, then the events in the order in which
//     they were sent, then `disconnected`, and never by two instances in turns.
//
// TestCuts (`make chaos-cuts` for 10 000 of them) kills nobody: a proxy cuts the TCP
// connection of a service that resumes (survivor_test.go), in three manners. Here no
// delivery may come twice at all, none may be lost, and each command has one result.
//
// TestKits (`make chaos-kits`) kills processes of the Python and of the Node kit (./kits), CHAOS_KILLS in all and both languages at
// once; the same promises hold for their facades, but that a process which waits for its turn may be killed before it
// had one. Python's are forked from one that has imported the kit, so that thousands of kills fit into an hour.
//
// TestCluster_… (`make cluster-faults` at full length, README.md has the last result) has two hubs over a real Redis or NATS,
// and three instances that are attached to both. A hub is killed, or cut off by proxies from the engine, the service and its browsers; the engine is
// killed, or cut off from all hubs. What has to hold then stands in lives.go and at each test.
//
// The instances append to one file, the ledger, before they reply. The file's order
// is the order of the appends, across processes, and what was appended survives a
// SIGKILL; so the ledger tells afterwards what happened (ledger.go).
package chaos
