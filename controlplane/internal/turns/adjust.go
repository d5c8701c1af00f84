package turns

import "time"

const (
	// bearable is how long goroutines may wait for a processor, at the 99th percentile.
	bearable = time.Millisecond
	// bearableCycles is how many times a second garbage may be collected where that takes all processors, for some
	// milliseconds: with fewer than manyProcessors. Others have three quarters of theirs meanwhile.
	bearableCycles = 1.3
	manyProcessors = 4

	// someWork is what whoever is there works at least, and muchWork the heavy, of the last half second.
	someWork, muchWork = 200 * time.Microsecond, 4 * time.Millisecond
	// smoothing is the weight of the last look in what is asked for.
	smoothing = 0.25

	// Where there is strain the heavy get less of what they had, and otherwise more.
	shrink, grow, leastGrowth = 0.8, 1.03, 0.002
	// release is how their share grows while nobody is beside them.
	release = 1.3
	// patience is how many looks without strain end the measuring.
	patience = 20
	// staysHeavy is how long one who did much is heavy. Held back he does little: to be let go for that he would do much again
	// until the next look, and then rest for as long as may be.
	staysHeavy = 5 * time.Second
)

// Strain is how the hub fares.
type Strain struct {
	// Wait is how long goroutines waited for a processor lately: the 99th percentile.
	Wait time.Duration
	// Cycles is how many times garbage was collected in the last second.
	Cycles float64
}

// Rest is how long a customer was held back since the last look.
type Rest struct {
	Customer string
	Time     time.Duration
}

// Look adjusts what the heavy have to how the hub fares. It is called ten times a second, and returns who was held back.
func (t *Turns) Look(strain Strain) []Rest {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	past := now - t.looked
	t.looked = now
	t.calm++
	if strain.Wait > bearable || strain.Cycles > bearableCycles && t.processors < manyProcessors {
		t.calm = 0
	}
	if !t.measuring.Load() {
		t.unasked, t.asked, t.needed = 0, 0, 0
		// One alone is nobody's neighbour.
		t.measuring.Store(t.calm == 0 && len(t.accounts) > 1)
		return nil
	}
	rests := t.rests(now)
	present, heavy := t.weigh(now)
	t.apportion(past, present, heavy)
	if t.share == 1 && (t.calm > patience || len(t.accounts) < 2) {
		t.measuring.Store(false)
	}
	return rests
}

// rests are those since the last look.
func (t *Turns) rests(now time.Duration) (all []Rest) {
	for _, a := range t.accounts {
		if d := a.resting.take(now); d > 0 {
			all = append(all, Rest{a.name, d})
		}
	}
	return all
}

// weigh finds how many are there, and how many of them are heavy: they do at least half of an equal part of what nobody has
// asked for, or did lately.
func (t *Turns) weigh(now time.Duration) (present, heavy int) {
	var all time.Duration
	for _, a := range t.accounts {
		all += a.own.at(now)
		if a.there(now) {
			present++
		}
	}
	much := min(muchWork, time.Duration(t.rate*float64(time.Second)/4)) // who is held back cannot do more
	for _, a := range t.accounts {
		own := a.own.at(now)
		if own >= much && 2*own*time.Duration(present) >= all {
			a.heavy, a.heavyAt = true, now
		} else if now-a.heavyAt >= staysHeavy {
			a.heavy = false
		}
		if a.heavy && a.there(now) {
			heavy++
		}
	}
	return present, heavy
}

// there reports whether an account works, or rests.
func (a *account) there(now time.Duration) bool {
	return a.used.at(now) >= someWork || a.resting.there > 0
}

// apportion sets the share of the heavy, from how many there are and who else is there.
func (t *Turns) apportion(past time.Duration, present, heavy int) {
	all := float64(max(past, 1)) * float64(t.processors)
	worked := float64(t.unasked) / all
	t.needed += smoothing * (float64(t.asked)/all - t.needed)
	t.unasked, t.asked = 0, 0
	switch {
	case heavy == 0 || heavy >= present:
		t.share *= release
	case t.calm == 0:
		t.share = max(min(t.share, worked)*shrink, t.least, t.needed)
	case worked > t.share/2 || t.calm > patience:
		t.share = t.share*grow + leastGrowth
	}
	t.share = min(t.share, 1)
	t.rate = t.share * float64(t.processors) / float64(max(heavy, 1))
	t.pacing.Store(t.share < 1)
}
