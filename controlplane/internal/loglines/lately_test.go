package loglines

import (
	"fmt"
	"testing"
	"time"
)

func TestLately_NamesThatBrowsersMakeUpAreBounded(t *testing.T) {
	var u Lately[string]
	now := time.Now()
	told := 0
	for i := range 3 * maxNames {
		if u.First(fmt.Sprint(i), now) {
			told++
		}
	}
	if told != maxNames || len(u.told) != maxNames {
		t.Errorf("%d told, %d remembered", told, len(u.told))
	}
	// A name that is just too old to be told is not looked for with each other name.
	u.told["0"] = now.Add(-pause)
	if u.First("soon", now.Add(sweepPause-1)) || !u.First("next", now.Add(sweepPause)) {
		t.Error("old names are not looked for once a second")
	}
	if !u.First("later", now.Add(pause+sweepPause)) || len(u.told) != 1 {
		t.Errorf("%d remembered a minute later", len(u.told))
	}
}
