// Package admin answers operators: whether the hub lives and is ready, what it
// does at this moment, its metrics and its profiles.
//
//	/healthz       200 while the process answers
//	/readyz        200 while browsers and services may come, else 503
//	/status        a Status as JSON, what `hub status` prints
//	/metrics       Prometheus
//	/debug/pprof/  profiles
//
// Whoever asks by a host name that is neither localhost nor among Options.Hosts gets 421, so
// that no page reads it by DNS rebinding.
//
// NewHealth has the first two alone, for load balancers on other machines.
//
// What it is not: a way to change anything. All paths are read-only, and none of
// them exists on the browser listener.
//
// Handler may be used by many goroutines at the same time. The package starts no
// goroutine and holds no lock.
package admin
