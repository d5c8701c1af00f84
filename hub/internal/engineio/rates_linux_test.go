package engineio_test

import (
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/siohub/siohub/hub/internal/engineio"
)

// A flood of small messages takes turns with other connections of its poller, by their number.
func TestRates_TurnsInMessages(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // one poller
	st := newTCPStation(t, func(c *engineio.Config) { c.Rates = engineio.Rates{Messages: -1, Bytes: -1} })
	const each, browsers, turn = 1000, 4, 64
	sent := make(chan struct{})
	var once sync.Once
	var last *engineio.Session
	var mu sync.Mutex
	run, longest := 0, 0
	st.onMessage = func(s *engineio.Session, _ string) {
		once.Do(func() { <-sent })
		mu.Lock()
		defer mu.Unlock()
		if s != last {
			last, run = s, 0
		}
		run++
		longest = max(longest, run)
	}
	var all []*raw
	for range browsers {
		w := st.rawSocket("EIO=4&transport=websocket", "")
		defer w.Close()
		go drain(w)
		all = append(all, w)
	}
	frames := []byte(strings.Repeat(string(client(0x81, "4x")), each))
	for _, w := range all {
		_, _ = w.Write(frames)
	}
	close(sent)
	st.receivedAll(browsers * each)
	mu.Lock()
	defer mu.Unlock()
	if longest > 2*turn { // the first one may have two in a row, before the others are seen
		t.Errorf("%d messages in a row of one browser", longest)
	}
}
