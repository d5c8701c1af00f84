package hostile_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/test/hostile"
	"github.com/siohub/siohub/test/hostile/services"
)

// The bounds are wide, because the machine may be busy with something else: what they
// have to notice is a hub that allocates a hundred times what it was sent, or one that
// serves nobody else meanwhile.
const (
	attackers   = 8
	attackTime  = 2 * time.Second
	mostGrowth  = 256 << 20
	mostDelay   = 50                    // times the p99 of the quiet time
	quietEnough = 20 * time.Millisecond // below it a p99 is noise
	breath      = 20 * time.Millisecond // each attacker tries fifty times a second at most
)

// TestHostileShare measures what services that send as much as they can take from
// everybody else: the memory of the server, and the p99 of a bystander's echo in relation
// to the quiet time before, in the same run.
func TestHostileShare(t *testing.T) {
	if testing.Short() || os.Getenv("HOSTILE_TARGET")+os.Getenv("HOSTILE_REFERENCE") != "" {
		t.Skip("needs a server of its own, and some seconds")
	}
	target, err := hostile.FindTarget()
	s := newSuite(t, target, err)
	b := s.bystanders[0]
	start := target.Settle(hostile.Usage{Goroutines: 1 << 20, Descriptors: 1 << 20, Resident: 1 << 40, Sessions: len(s.bystanders)}, 20*time.Second)
	quiet := p99(t, b, "quiet", func(time.Time) {})
	tiny := strings.Repeat("\x1a\x00", 2<<20)
	for name, attack := range map[string]func(*hostile.Probe){
		"4 MiB of two-byte actions": func(p *hostile.Probe) {
			a := services.Attached(p)
			a.Say([]byte(tiny))
			a.Ends()
		},
		"all actions that an envelope may have": func(p *hostile.Probe) {
			a := services.Attached(p)
			a.Say([]byte(tiny[:2*16_384]))
			a.Lives()
		},
		"4 MiB of two-byte commands": func(p *hostile.Probe) {
			ctx, _ := services.CallContext(p)
			var answer []byte
			request := []byte(strings.Repeat("\x0a\x00", 2<<20-1))
			_ = services.DialControl(p).Invoke(ctx, hubv1.ControlService_Execute_FullMethodName, request, &answer, grpc.ForceCodecV2(services.RawCodec{}))
		},
		"streams opened and closed": func(p *hostile.Probe) {
			a := services.Attach(p)
			a.Numbered()
			a.Cancel()
		},
	} {
		peak := watchMemory(target)
		var done int64
		var failure any
		busy := p99(t, b, name, func(until time.Time) { done, failure = flood(target, attack, until) })
		growth := peak() - start.Resident
		if done < attackers {
			t.Errorf("%s: %d attacks came through: %v", name, done, failure)
		}
		t.Logf("%-40s p99 %v, %.1f times the quiet one; %d MiB more memory at most, %d attacks", name, busy, float64(busy)/float64(quiet), growth>>20, done)
		if busy > mostDelay*max(quiet, quietEnough) {
			t.Errorf("%s: a bystander's p99 is %v, it was %v", name, busy, quiet)
		}
		if !hostile.Raced && growth > mostGrowth {
			t.Errorf("%s: the server took %d MiB", name, growth>>20)
		}
	}
	s.settled(t, start)
}

// flood repeats an attack at some workers until the time is over. It returns how often it
// came through, and why it last did not.
func flood(t *hostile.Target, attack func(*hostile.Probe), until time.Time) (done int64, failure any) {
	var wg sync.WaitGroup
	var mu sync.Mutex // guards both results
	for range attackers {
		wg.Go(func() {
			tick := time.NewTicker(breath)
			defer tick.Stop()
			for ; time.Now().Before(until); <-tick.C {
				p := hostile.NewProbe(t, hostile.InputLimit)
				why := attackOnce(p, attack)
				p.Close()
				mu.Lock()
				if why == nil {
					done++
				} else {
					failure = why
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return done, failure
}

// attackOnce does it, and returns why it could not.
func attackOnce(p *hostile.Probe, attack func(*hostile.Probe)) (failure any) {
	defer func() { failure = recover() }()
	attack(p)
	return nil
}

// p99 measures the echo of a bystander while something is done.
func p99(t *testing.T, b *hostile.Bystander, name string, meanwhile func(until time.Time)) time.Duration {
	t.Helper()
	until := time.Now().Add(attackTime)
	done := make(chan struct{})
	go func() {
		defer close(done)
		meanwhile(until)
	}()
	var delays []time.Duration
	for i := 0; time.Now().Before(until); i++ {
		start := time.Now()
		if err := b.Check(fmt.Sprintf("%s-%d", name, i)); err != nil {
			t.Errorf("%s: bystander: %v", name, err)
			break
		}
		delays = append(delays, time.Since(start))
	}
	<-done
	slices.Sort(delays)
	if len(delays) == 0 {
		return attackTime
	}
	return delays[len(delays)*99/100]
}

// watchMemory looks at the server's memory until the function that comes back is called,
// which returns the most that was seen.
func watchMemory(t *hostile.Target) (peak func() int64) {
	stop, result := make(chan struct{}), make(chan int64)
	go func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		most := t.Resident()
		for {
			select {
			case <-stop:
				result <- most
				return
			case <-tick.C:
				most = max(most, t.Resident())
			}
		}
	}()
	return func() int64 { close(stop); return <-result }
}
