// Package pages is what was read of a log of late, for those who read it again.
//
// # What it is
//
// When a hub ends its browsers come to the others at once, and all want about the same of what was published: Pages reads an entry of
// the engine's log once, and decodes it once, for all of them (Pages.Replay).
//
// It holds one piece of the log without a gap, which grows at both ends as far as anybody needs, within a bound; what is older is read
// for each anew, by few at a time. It is forgotten once nobody has read for a while.
//
// # What it is not
//
// It knows no engine: a Source reads. It is no copy of the log: nothing is held while nobody comes back.
//
// # Goroutines and locks
//
// It has none of its own, but for a timer. One at a time reads for all; who has to wait does so until its context ends.
package pages
