package park

import (
	"sync"
	"testing"
)

func TestBudget_OneItemAlwaysFitsWhenEmpty(t *testing.T) {
	b := NewBudget(100)
	if !b.Take(1000) {
		t.Fatal("an item does not fit an empty budget")
	}
	if b.Take(1) {
		t.Error("a second one fits")
	}
	b.Give(1000)
	if !b.Take(60) || b.Take(41) || !b.Take(40) {
		t.Error("the limit is not 100")
	}
	b.Force(1)
	if b.Used() != 101 {
		t.Errorf("used %d", b.Used())
	}
}

func TestBudget_ConcurrentTakesStayWithin(t *testing.T) {
	b := NewBudget(100)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				if b.Take(7) {
					if used := b.Used(); used > 100 {
						t.Errorf("used %d", used)
					}
					b.Give(7)
				}
			}
		})
	}
	wg.Wait()
	if b.Used() != 0 {
		t.Errorf("left over: %d", b.Used())
	}
}

func TestMeter_LimitsItemsAndBytes(t *testing.T) {
	limit := SocketLimit{Items: 2, Bytes: 100}
	var m Meter
	if !m.Take(500, limit) {
		t.Error("one item does not fit an empty socket")
	}
	if m.Take(1, limit) {
		t.Error("101 bytes fit")
	}
	m.Give(500)
	if !m.Take(10, limit) || !m.Take(10, limit) || m.Take(10, limit) {
		t.Error("the limit is not two items")
	}
	m.Give(10)
	m.Give(10)
	if m.items.Load() != 0 || m.bytes.Load() != 0 {
		t.Error("something is left over")
	}
}

func TestPart_CountsWithAtMostItsLimit(t *testing.T) {
	whole := NewBudget(25)
	a, b, c := NewPart(10, whole), NewPart(10, whole), NewPart(10, whole)
	a.Force(100)
	if whole.Used() != 10 || a.Used() != 100 || !a.Full() {
		t.Errorf("%d of %d count", whole.Used(), a.Used())
	}
	if part, _ := a.Take(1); part {
		t.Error("fits a part that is full")
	}
	b.Take(10)
	if part, all := c.Take(6); !part || all || c.Used() != 0 || whole.Used() != 20 {
		t.Errorf("fits %v %v, %d and %d are used", part, all, c.Used(), whole.Used())
	}
	a.Give(95)
	if whole.Used() != 15 {
		t.Errorf("%d count", whole.Used())
	}
	a.Give(5)
	b.Give(10)
	if whole.Used() != 0 {
		t.Errorf("%d are left", whole.Used())
	}
}

func TestPart_ConcurrentUseLeavesNothing(t *testing.T) {
	whole := NewBudget(15)
	parts := []*Part{NewPart(10, whole), NewPart(10, whole)}
	var wg sync.WaitGroup
	for n := range 8 {
		p := parts[n%2]
		wg.Go(func() {
			for range 1000 {
				if part, all := p.Take(7); part && all {
					p.Give(7)
				}
				p.Force(9)
				p.Give(9)
			}
		})
	}
	wg.Wait()
	if whole.Used() != 0 || parts[0].Used() != 0 || parts[1].Used() != 0 {
		t.Errorf("left over: %d, %d, %d", whole.Used(), parts[0].Used(), parts[1].Used())
	}
}
