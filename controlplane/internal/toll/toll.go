package toll

import (
	"sync"
	"time"
)

// Tariff is what things cost.
type Tariff struct {
	// Price is the time that one is worth: a hundred a second have a price of 10 ms.
	Price time.Duration
	// Credit is how much may be owed without a wait.
	Credit time.Duration
	// Most is the longest wait at once; what is owed beyond it is forgiven.
	Most time.Duration
}

// Debt is one account. The zero value owes nothing. It is not safe for concurrent use.
type Debt struct {
	paid time.Time // until when what was done is paid for, if it lies ahead
}

// Add notes that many things, and returns how long they have to be waited for.
func (d *Debt) Add(now time.Time, n int, t Tariff) time.Duration {
	if d.settled(now) {
		d.paid = now
	}
	most := t.Credit + t.Most
	owed := d.paid.Sub(now)
	if n = min(n, int(most/t.Price)); n > 0 { // so that it cannot overflow
		owed = min(owed+time.Duration(n)*t.Price, most)
	}
	d.paid = now.Add(owed)
	return max(owed-t.Credit, 0)
}

// settled reports whether nothing is owed.
func (d *Debt) settled(now time.Time) bool { return !d.paid.After(now) }

// names is how many debts a Gate tells apart.
const names = 4096

// sweep is how often they are looked through at most, so that names without end do not
// cost a walk each.
const sweep = time.Second

// Gate has a debt for each name that is not settled. It tells 4096 of them apart; whoever
// comes then shares one. It is safe for concurrent use.
type Gate struct {
	// Set by NewGate.
	tariff Tariff

	mu     sync.Mutex // guards the fields below; a leaf
	debts  map[string]*Debt
	shared Debt
	swept  time.Time // when it was last looked for those that are settled
}

// NewGate returns a gate with a tariff.
func NewGate(t Tariff) *Gate { return &Gate{tariff: t, debts: make(map[string]*Debt)} }

// Pass notes that somebody passes, and returns how long that has to be waited for.
func (g *Gate) Pass(now time.Time, name string) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.debts[name]
	if d == nil {
		d = g.open(now, name)
	}
	return d.Add(now, 1, g.tariff)
}

func (g *Gate) open(now time.Time, name string) *Debt {
	if len(g.debts) >= names && now.Sub(g.swept) >= sweep {
		g.swept = now
		for name, d := range g.debts {
			if d.settled(now) {
				delete(g.debts, name)
			}
		}
	}
	if len(g.debts) >= names {
		return &g.shared
	}
	d := &Debt{}
	g.debts[name] = d
	return d
}
