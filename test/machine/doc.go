// Package machine is what tests with real programs ask of the machine that they run on: which programs and files
// there are, whether they have to be there, and in which environment a hub is started.
//
// It is for test/e2e and test/interop, and starts nothing.
package machine
