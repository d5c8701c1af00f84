package outqueue_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/siohub/siohub/internal/outqueue"
)

var wide = outqueue.Limit{Items: 1 << 20, Bytes: 1 << 30}

func TestQueue_BatchHasItemsAndBytes(t *testing.T) {
	q := outqueue.New[int]()
	for i := range outqueue.BatchItems + 1 {
		q.Push(i, 1)
	}
	if batch, ok := q.Take(nil); !ok || len(batch) != outqueue.BatchItems {
		t.Errorf("%d entries, %v", len(batch), ok)
	}
	q.Push(0, outqueue.BatchBytes)
	if batch, _ := q.Take(nil); len(batch) != 1 {
		t.Errorf("%d entries beyond the bytes", len(batch))
	}
	if batch, _ := q.Take(nil); len(batch) != 1 {
		t.Error("an entry larger than a batch does not go")
	}
}

func TestQueue_OfferHasALimitPushHasNone(t *testing.T) {
	q := outqueue.New[string]()
	limit := outqueue.Limit{Items: 2, Bytes: 10}
	if !q.Offer("large", 100, limit) {
		t.Error("an empty queue takes one of any size")
	}
	if q.Offer("b", 1, limit) {
		t.Error("beyond the bytes")
	}
	if !q.Push("pushed", 1000) {
		t.Error("a push is refused")
	}
	batch, _ := q.Take(nil)
	if !slices.Equal(batch, []string{"large", "pushed"}) {
		t.Error(batch)
	}
	if !q.Offer("b", 1, limit) || !q.Offer("c", 1, limit) || q.Offer("d", 1, limit) {
		t.Error("two fit")
	}
}

func TestQueue_WaitGoesOnWhenThereIsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := outqueue.New[int]()
		limit := outqueue.Limit{Items: 1, Bytes: 100}
		q.Offer(1, 1, limit)
		done := make(chan error, 2)
		go func() { done <- q.Wait(t.Context(), 2, 1, limit) }()
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatal("does not wait:", err)
		default:
		}
		q.Take(nil)
		if err := <-done; err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() { done <- q.Wait(ctx, 3, 1, limit) }()
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		go func() { done <- q.Wait(t.Context(), 4, 1, limit) }()
		synctest.Wait()
		q.Finish()
		if err := <-done; !errors.Is(err, outqueue.ErrClosed) {
			t.Error(err)
		}
	})
}

func TestQueue_TakeSleepsUntilThereIsSomething(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := outqueue.New[int]()
		type taken struct {
			batch []int
			ok    bool
		}
		took := make(chan taken)
		go func() {
			for {
				batch, ok := q.Take(nil)
				took <- taken{batch, ok}
				if !ok {
					return
				}
			}
		}()
		synctest.Wait()
		q.Push(7, 1)
		if got := <-took; !slices.Equal(got.batch, []int{7}) {
			t.Error(got)
		}
		synctest.Wait()
		q.Nudge()
		if got := <-took; len(got.batch) != 0 || !got.ok {
			t.Error(got)
		}
		synctest.Wait()
		q.Push(8, 1)
		q.Finish()
		if got := <-took; !slices.Equal(got.batch, []int{8}) {
			t.Error(got)
		}
		if got := <-took; got.ok || q.Push(9, 1) {
			t.Error("goes on after its end")
		}
	})
}

func TestQueue_NudgeIsNotLostWhereNobodyWaits(t *testing.T) {
	q := outqueue.New[int]()
	q.Nudge()
	if batch, ok := q.Take(nil); !ok || len(batch) != 0 {
		t.Error(batch, ok)
	}
	q.Push(1, 1)
	q.Nudge()
	if batch, _ := q.Take(nil); len(batch) != 1 {
		t.Error("an entry is passed over")
	}
}

func TestQueue_ReceiptsAreChecked(t *testing.T) {
	q := outqueue.New[int]()
	q.Keep(wide)
	q.Push(1, 1)
	q.Take(nil)
	if n := q.Number(1); n != 1 {
		t.Errorf("number %d", n)
	}
	if err := q.Ack(2); !errors.Is(err, outqueue.ErrReceipt) {
		t.Error(err)
	}
	if err := q.Rewind(2, nil); !errors.Is(err, outqueue.ErrReceipt) {
		t.Error(err)
	}
	if err := q.Ack(1); err != nil || q.Unreceipted() != 0 {
		t.Error(err, q.Unreceipted())
	}
	if err := q.Rewind(0, nil); !errors.Is(err, outqueue.ErrForgotten) {
		t.Error("back behind a receipt:", err)
	}
}

func TestQueue_ForgetsBeyondTheLimit(t *testing.T) {
	q := outqueue.New[int]()
	q.Keep(outqueue.Limit{Items: 4, Bytes: 100})
	for i := range 3 {
		q.Push(i, 40)
		q.Take(nil)
		q.Number(1)
	}
	if err := q.Rewind(1, nil); !errors.Is(err, outqueue.ErrForgotten) {
		t.Error(err)
	}
	// Once everything has its receipt it keeps again.
	if err := q.Ack(3); err != nil {
		t.Fatal(err)
	}
	q.Push(9, 40)
	q.Take(nil)
	q.Number(1)
	if err := q.Rewind(3, nil); err != nil {
		t.Fatal(err)
	}
	if batch, _ := q.Take(nil); !slices.Equal(batch, []int{9}) {
		t.Error(batch)
	}
}

func TestQueue_WithoutKeepNothingStays(t *testing.T) {
	q := outqueue.New[int]()
	q.Push(1, 10)
	q.Take(nil)
	q.Number(1)
	if err := q.Rewind(0, nil); !errors.Is(err, outqueue.ErrForgotten) || q.Unreceipted() != 0 {
		t.Error(err)
	}
}

func TestQueue_FailGivesBackWhatWasNotTaken(t *testing.T) {
	q := outqueue.New[int]()
	q.Push(1, 1)
	q.Take(nil)
	q.Push(2, 1)
	q.Push(3, 1)
	if lost := q.Fail(); !slices.Equal(lost, []int{2, 3}) {
		t.Error(lost)
	}
	q.Number(1) // of what was taken before: harmless
	if _, ok := q.Take(nil); ok || q.Push(4, 1) {
		t.Error("goes on after its end")
	}
}

// Whatever is cut, each entry arrives once and in order at a receiver that resumes.
func TestQueue_ResumedStreamLosesAndRepeatsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := outqueue.New[int]()
		q.Keep(wide)
		var arrived []int
		var received uint64
		wire := map[uint64][]int{} // sent on the current stream, not yet received
		next := 0
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0, 1:
				for range rapid.IntRange(1, 5).Draw(t, "pushed") {
					if rapid.Bool().Draw(t, "offered") {
						q.Offer(next, 10, wide)
					} else {
						q.Push(next, 10)
					}
					next++
				}
			case 2: // send, in one or two envelopes
				if q.Len() == 0 {
					break
				}
				batch, _ := q.Take(nil)
				cut := rapid.IntRange(0, len(batch)).Draw(t, "cut")
				for _, part := range [][]int{batch[:cut], batch[cut:]} {
					wire[q.Number(len(part))] = part
				}
			case 3: // receive, with or without a receipt
				part, ok := wire[received+1]
				if !ok {
					break
				}
				delete(wire, received+1)
				received++
				arrived = append(arrived, part...)
				if rapid.Bool().Draw(t, "receipt") {
					if err := q.Ack(received); err != nil {
						t.Fatal(err)
					}
				}
			case 4: // cut
				q.Pause()
				clear(wire)
				if err := q.Rewind(received, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		q.Pause()
		if err := q.Rewind(received, nil); err != nil {
			t.Fatal(err)
		}
		for q.Len() > 0 {
			batch, _ := q.Take(nil)
			q.Number(len(batch))
			arrived = append(arrived, batch...)
		}
		for i, v := range arrived {
			if i != v {
				t.Fatalf("entry %d is %d of %v", i, v, arrived)
			}
		}
		if len(arrived) != next {
			t.Fatalf("%d of %d arrived", len(arrived), next)
		}
	})
}

func TestQueue_WhatIsSentAgainCanBeChangedAndTakenOut(t *testing.T) {
	q := outqueue.New[int]()
	q.Keep(wide)
	for i := range 4 {
		q.Offer(i, 1, wide)
	}
	q.Take(nil)
	q.Number(2)
	q.Number(2)
	q.Offer(4, 1, wide)
	q.Pause()
	if err := q.Rewind(1, func(v *int) { *v += 10 }); err != nil {
		t.Fatal(err)
	}
	q.Remove(func(v int) bool { return v%2 == 0 })
	if batch, _ := q.Take(nil); !slices.Equal(batch, []int{13}) {
		t.Error(batch)
	}
	if n := q.Number(1); n != 2 {
		t.Errorf("number %d after receipt 1", n)
	}
	if !q.Offer(5, 1, outqueue.Limit{Items: 1, Bytes: 1}) {
		t.Error("what left is still counted")
	}
}

func BenchmarkQueue_PushTakeNumberAck(b *testing.B) {
	b.ReportAllocs()
	q := outqueue.New[int]()
	q.Keep(wide)
	var batch []int
	for b.Loop() {
		q.Push(1, 100)
		batch, _ = q.Take(batch[:0])
		_ = q.Ack(q.Number(len(batch)))
	}
}
