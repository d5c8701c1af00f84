package command

import (
	"fmt"
	"testing"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// What is kept under idempotency keys is as much as the hub may keep, and one owner has a part of it.
func TestReplays_KeepAsMuchAsTheHubMay(t *testing.T) {
	const total = 64 << 10
	r := newReplays(total)
	keep := func(identity string) (kept int) {
		who := &Caller{Identity: identity}
		for n := range 64 {
			key := fmt.Sprint(n)
			book, _, err := r.begin(who, key, nil)
			if err != nil {
				t.Fatal(err)
			}
			book.Finish(key, replayed{result: &hubv1.Result{}}, 1<<10, true, time.Now())
			kept = book.Len()
		}
		return kept
	}
	for n := range 20 {
		if kept := keep(fmt.Sprint(n)); kept > total/ownerShare>>10 {
			t.Errorf("%d answers of one owner are kept", kept)
		}
	}
}
