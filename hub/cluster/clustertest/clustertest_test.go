package clustertest

import (
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/siohub/siohub/hub/cluster"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// threeOn is a net of three hubs on a switch.
func threeOn(s *Switch) *Net {
	n := &Net{Forge: s.Forge, Away: s.Away}
	for range 3 {
		n.Clusters = append(n.Clusters, s.Cluster(cluster.Settings{Expiry: Expiry, Logger: slog.New(slog.DiscardHandler)}))
	}
	n.Cut = func(i int, off bool) { s.Cut(n.Clusters[i], off) }
	return n
}

func TestSwitch(t *testing.T) {
	RunVirtually(t, func(*testing.T) *Net { return threeOn(NewSwitch()) })
}

// threeRecorders is a net of three hubs on a switch with a log.
func threeRecorders(s *Switch) *Net {
	n := &Net{Forge: s.Forge, LogAway: s.Away}
	for range 3 {
		n.Clusters = append(n.Clusters, s.Recorder(cluster.Settings{Expiry: Expiry, Logger: slog.New(slog.DiscardHandler)}))
	}
	n.Cut = func(i int, off bool) { s.Cut(n.Clusters[i], off) }
	n.Shorten = func(*testing.T) { s.LogLength(0); s.LogLength(defaultLogLength) }
	n.ForeignSession = func(key string, session cluster.Socket) { s.KeepForeign(key, session, longTTL) }
	return n
}

func TestSwitch_WithALog(t *testing.T) {
	RunVirtually(t, func(*testing.T) *Net { return threeRecorders(NewSwitch()) })
}

func TestRecorder(t *testing.T) {
	RunRecorderVirtually(t, func(*testing.T) *Net { return threeRecorders(NewSwitch()) })
}

func TestSwitch_DoubledMessagesAreTakenOnce(t *testing.T) {
	for name, test := range map[string]func(*testing.T, *bench){"Commands": commands, "Order": order, "Questions": questions, "LongAnswer": longAnswer} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := NewSwitch()
				s.Fates(func(string, string) Fate { return Fate{Twice: true} })
				with(t, func(*testing.T) *Net { return threeOn(s) }, func(b *bench) { test(t, b) })
			})
		})
	}
}

// TestSwitch_ReorderedMessagesComeInOrderOrNotAtAll has every seventh message overtaken by three others.
func TestSwitch_ReorderedMessagesComeInOrderOrNotAtAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSwitch()
		with(t, func(*testing.T) *Net { return threeOn(s) }, func(b *bench) {
			n := 0
			s.Fates(func(string, string) (f Fate) {
				if n++; n%7 == 0 {
					f.Behind = 3
				}
				return f
			})
			for i := range 500 {
				if err := b.Clusters[0].Publish(&cluster.Command{
					Namespace: "/", Target: cluster.Target{All: true}, Message: message("n", fmt.Sprintf("[%03d]", i)),
				}); err != nil {
					t.Fatal(err)
				}
			}
			synctest.Wait()
			s.Fates(nil)
			got := b.hosts[1].Commands()
			if len(got) < 250 || len(got) == 500 {
				t.Errorf("%d messages have come", len(got))
			}
			last := ""
			for _, c := range got {
				if args := string(c.Message.Args); args <= last {
					t.Fatalf("%s after %s", args, last)
				} else {
					last = args
				}
			}
		})
	})
}
