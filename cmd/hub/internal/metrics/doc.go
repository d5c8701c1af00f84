// Package metrics counts what the hub and the control plane tell their traces, and
// hands it to Prometheus under names that start with hub_.
//
//	browser ─► hub.Trace ──────────┐
//	                               ├─► Metrics ─► /metrics
//	service ─► trace.Hooks ────────┘
//
// Labels are words of the program, such as reasons and codes, groups and namespaces; never
// a session, a socket, a user or a room. Each label's handle is looked up once, and
// an outsider cannot make a label: beyond a bound all new values are counted as
// `other`.
//
// factory.go is the one way to make a metric; it keeps the catalog that docs.go
// renders as docs/metrics.md.
//
// Metrics is safe for concurrent use. The hot path takes no lock: handles are found in
// a map that is copied when it grows. The package starts no goroutine.
package metrics
