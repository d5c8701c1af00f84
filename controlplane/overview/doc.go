// Package overview is what an operator sees of the control plane at one moment: the services
// that ever attached, their instances with what they hold, who receives what, what waits, and
// in words what is missing. controlplane.Server.Status makes it.
//
// It is data alone, with no behaviour: numbers over time are for metrics (trace), single
// browsers for the log. The package starts no goroutine and has no lock.
package overview
