// Package scenarios is one list of what a service can expect of its hub, run against
// the hub in memory (service/servicetest) and against the real one: what holds in one
// of them and not in the other is a fault of the first or the second.
//
// A scenario builds a service with the Go kit, runs it in a World, lets browsers act
// through it, and checks what both sides see. It knows nothing about the hub but what a
// World offers, and waits for conditions, never for time to pass.
//
// The main type is [Scenario]; [All] is the list. A World is used by one scenario and
// ends with its test. The package starts goroutines only inside of a scenario, which
// waits for them.
package scenarios
