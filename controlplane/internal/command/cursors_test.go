package command

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func keyOf(n int) cursorKey { return cursorKey{list: tokenOfRooms, after: fmt.Sprint(n)} }

func TestCursors_AreBoundedInNumberAndBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCursors(1000)
		for n := range 2 * maxCursors {
			c.keep(&cursor{key: keyOf(n), bytes: 10, made: time.Now()})
		}
		if len(c.order) != maxCursors || len(c.byKey) != maxCursors || c.take(keyOf(0)) != nil {
			t.Errorf("%d are kept", len(c.order))
		}
		c.keep(&cursor{key: keyOf(-1), bytes: 900, made: time.Now()})
		if used := c.budget.Used(); used > 1000 || c.take(keyOf(-1)) == nil {
			t.Errorf("%d bytes are kept", used)
		}
		time.Sleep(cursorLife)
		synctest.Wait()
		if c.budget.Used() != 0 || len(c.byKey) != 0 {
			t.Errorf("%d bytes are kept for ever", c.budget.Used())
		}
	})
}

// A list does not live on from page to page.
func TestCursors_CountFromWhenTheListWasMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCursors(1000)
		first := time.Now()
		c.keep(&cursor{key: keyOf(0), made: first})
		time.Sleep(cursorLife / 2)
		c.keep(&cursor{key: keyOf(1), made: time.Now()})
		c.keep(&cursor{key: keyOf(2), made: c.take(keyOf(0)).made})
		time.Sleep(cursorLife / 2)
		synctest.Wait()
		if c.take(keyOf(2)) != nil || c.take(keyOf(1)) == nil {
			t.Error("they end in another order than they were made")
		}
		time.Sleep(cursorLife)
	})
}
