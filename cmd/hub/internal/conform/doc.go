// Package conform holds a service kit against the rules of docs/kits.md: it plays hubs
// against a small program that was written with the kit, and judges what comes over their
// streams. It also plays services against a hub, to the same rules from the other side.
//
//	err := conform.Run(ctx, conform.Options{Command: []string{"python", "conform_app.py"}}, conform.ProgramCases(),
//		func(o *conform.Outcome) { … })
//
// It is not a test of the Go kit, nor of the hub: both are only the first that pass. It
// knows nothing of a kit but the contract, and of a program but docs/kits.md.
//
// # How a case goes
//
// A [Case] runs with a T of its own, which has hubs, programs, and a clean-up. It starts
// the program once for itself, says what hubs and browsers say, and waits for what has to
// come. It ends by returning, or with a [Failure] that names the rule, what was expected
// and what was seen; fail is a panic that runCase takes.
//
// Beside of what a case looks at, everything that a program sends is held against rules
// that are always true (attachment.go, stream.go): numbers and receipts, one settlement for
// each delivery that fits it, identities of commands, payloads. A break of one of these
// ends the case too.
//
// Nothing is judged by absolute times. What has to come is waited for
// ([Options.Patience]); what must not come is given some hundred milliseconds to come;
// waits between attempts are held against their limits, with room for a slow machine.
//
// # Where to find what
//
// case.go is a case and its waiting, run.go runs many, report.go tells of them. The hub's
// side: hub.go listens, stream.go is one call, welcome.go answers hellos and resumes,
// attachment.go is what outlives a stream and holds the rules, deliver.go and browser.go say
// what browsers do, journal.go reads the program's log, match.go finds subscriptions,
// program.go is the process. cases_*.go are the cases by group.
//
// The service's side: target.go, instance.go and instance_do.go are a service, guest.go a
// browser, cases_at_hub*.go the cases.
//
// # Goroutines and locks
//
// Each case has a goroutine; hubs have those of gRPC, each stream one that receives and
// one (the handler's) that sends, each program one that waits for its end. All end with the
// case. T.mu is the one lock of a case: it guards what hubs, streams and programs of the
// case know, is never held over a wait, and T.changed wakes who waits for a change.
package conform
