package loglines

import (
	"maps"
	"sync"
	"time"
)

const (
	// pause is how long nothing more is said of a name.
	pause = time.Minute
	// maxNames bounds the names that are remembered: browsers choose them.
	maxNames = 1024
	// sweepPause is how long a full memory is not searched for old names: browsers that
	// make names up would have all of it searched for each.
	sweepPause = time.Second
)

// Lately remembers what was told of lately, so that each name is told of once a minute. Its
// zero value is empty; it is safe for concurrent use.
type Lately[K comparable] struct {
	mu    sync.Mutex // guards the fields below; a leaf
	told  map[K]time.Time
	swept time.Time // when old names were last looked for
}

// First reports whether a name was not told of lately. Beyond 1024 names of a minute it
// reports false.
func (l *Lately[K]) First(name K, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.told[name]) < pause {
		return false
	}
	if l.sweep(now); len(l.told) >= maxNames {
		return false
	}
	if l.told == nil {
		l.told = make(map[K]time.Time)
	}
	l.told[name] = now
	return true
}

// sweep makes room in a full memory. The caller holds mu.
func (l *Lately[K]) sweep(now time.Time) {
	if len(l.told) < maxNames || now.Sub(l.swept) < sweepPause {
		return
	}
	l.swept = now
	maps.DeleteFunc(l.told, func(_ K, at time.Time) bool { return now.Sub(at) >= pause })
}
