package results

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

func result(id uint64, more bool) *hubv1.Result { return &hubv1.Result{CommandId: id, More: more} }

// reserve takes a place that has to be free.
func reserve(t *testing.T, table *Table) (uint64, *Place) {
	t.Helper()
	id, place, err := table.Reserve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return id, place
}

func TestDeliver_PartsThenTheLast(t *testing.T) {
	table := New(2)
	id, place := reserve(t, table)
	other, _ := reserve(t, table)
	if id == other {
		t.Fatalf("both have the id %d", id)
	}
	for _, more := range []bool{true, true, false} {
		table.Deliver(result(id, more))
	}
	table.Deliver(result(99, false)) // nobody's
	if last := <-place.Last(); last.GetCommandId() != id || len(place.Parts()) != 2 {
		t.Errorf("got %v after %d parts", last, len(place.Parts()))
	}
}

func TestReserve_WaitsForAPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := New(1)
		id, place := reserve(t, table)
		table.Abandon(place) // still taken: the hub counts the same
		got := make(chan error, 1)
		go func() {
			_, _, err := table.Reserve(t.Context())
			got <- err
		}()
		synctest.Wait()
		select {
		case <-got:
			t.Fatal("two places of one")
		default:
		}
		table.Deliver(result(id, false))
		if err := <-got; err != nil {
			t.Error(err)
		}
	})
}

func TestReserve_EndsWithItsContextAndWithTheAttachment(t *testing.T) {
	table := New(1)
	id, _ := reserve(t, table)
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, _, err := table.Reserve(ctx); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	table.Fail()
	if _, _, err := table.Reserve(t.Context()); !errors.Is(err, ErrEnded) {
		t.Errorf("got %v", err)
	}
	<-table.Ended()
	table.Release(id)
	if table.WhenDrained() != nil {
		t.Error("a released place is waited for")
	}
}

func TestWhenDrained_ClosesWithTheLastResult(t *testing.T) {
	table := New(2)
	id, place := reserve(t, table)
	drained := table.WhenDrained()
	table.Abandon(place)
	table.Deliver(result(id, true))
	table.Deliver(result(id, false))
	<-drained
	if len(place.Parts()) != 0 {
		t.Error("parts are kept for nobody")
	}
}
