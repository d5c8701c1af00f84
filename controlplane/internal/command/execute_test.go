package command

import (
	"slices"
	"testing"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// dueTurn is a Turn that others always wait for. It notes what it is told.
type dueTurn struct {
	reached int   // browsers, in all
	pauses  []int // how many were reached before each
}

func (*dueTurn) Begin(int)       {}
func (*dueTurn) End()            {}
func (*dueTurn) Due() bool       { return true }
func (t *dueTurn) Pause()        { t.pauses = append(t.pauses, t.reached) }
func (t *dueTurn) Reached(n int) { t.reached += n }

// A call tells its turn how many browsers it has sent something to, and makes none of them wait for a pause.
func TestExecute_SaysHowManyBrowsersItReached(t *testing.T) {
	for name, stop := range map[string]bool{"all": false, "until one fails": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				turn := &dueTurn{}
				w.caller.Turn = turn
				ann := w.join("/a", "ann")
				w.join("/a", "bob")
				_, err := w.control.Execute(t.Context(), &hubv1.ExecuteRequest{StopOnError: stop, Commands: []*hubv1.Command{
					emit(everybody("/a"), "x", ""), emit(everybody("/b"), "x", ""), emit(in("/a", ann.id), "x", ""),
				}})
				if err != nil || turn.reached != 3 || !slices.Equal(turn.pauses, []int{2, 2, 3}) {
					t.Errorf("%v; reached %d, before pauses %v", err, turn.reached, turn.pauses)
				}
			})
		})
	}
}
