package engineio_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
)

// What is held of the POSTs of paused sessions counts in sum, while the POST is held and after its answer, until it is
// handed up or the session has ended.
func TestPending_CountsInSum(t *testing.T) {
	const size = 100_000
	for name, end := range map[string]func(st *station){
		"resumed": func(st *station) { st.session(0).Resume() },
		"closed": func(st *station) {
			st.session(0).Close(engineio.Close{Reason: engineio.ReasonForcedClose})
		},
	} {
		for _, answered := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					st := newStation(t, nil)
					st.Timeout = time.Hour
					query := st.handshake()
					st.session(0).Pause()
					var posting sync.WaitGroup
					posting.Go(func() { st.Post(query, "4"+strings.Repeat("x", size-1)) })
					if answered {
						posting.Wait()
					}
					synctest.Wait()
					if n := st.engine.UnfinishedBytes(); n != size {
						t.Errorf("%d bytes in sum, answered %v", n, answered)
					}
					end(st)
					posting.Wait()
					synctest.Wait()
					if n := st.engine.UnfinishedBytes(); n != 0 {
						t.Errorf("%d bytes left, answered %v", n, answered)
					}
				})
			})
		}
	}
}
