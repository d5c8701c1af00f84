// Package observe is what copies for observers are made with: which of them a
// subscription wants (Filter, Sampler), which instance of a group gets one (Score), and
// how many wait until they are sent (Ring).
//
//	something happens ──► Filter, Sampler ──► Score ──► Ring ──► sender
//
// Beside them stands Alarms: keys that are due some day.
//
// It is not the road that copies take: what a copy is, and who has asked for it, is the
// caller's to know.
//
// # Goroutines and locks
//
// It has no goroutines and no locks. A Ring and Alarms belong to one goroutine at a time; all else
// is safe for concurrent use.
package observe
