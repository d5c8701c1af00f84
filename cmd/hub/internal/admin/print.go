package admin

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/siohub/siohub/cmd/hub/internal/terminal"
)

// Print writes a status for people. Now is the time that ages are counted to.
func (s *Status) Print(w io.Writer, now time.Time) error {
	var b strings.Builder
	state := "ready"
	if !s.Ready {
		state = "not ready: " + terminal.Clean(s.NotReady)
	}
	fmt.Fprintf(&b, "hub %s, up %s, %s\n", terminal.Clean(s.Version), age(now, s.StartTime), state)
	fmt.Fprintf(&b, "\nBrowsers\n  %s connected", count(s.Browsers.Sessions, "session"))
	if s.Browsers.Attempts > 0 {
		fmt.Fprintf(&b, ", %s undecided", count(s.Browsers.Attempts, "connect attempt"))
	}
	b.WriteByte('\n')
	for _, namespace := range slices.Sorted(maps.Keys(s.Browsers.Sockets)) {
		fmt.Fprintf(&b, "  %s in %s\n", count(s.Browsers.Sockets[namespace], "socket"), terminal.Clean(namespace))
	}
	s.printCluster(&b, now)
	s.printServices(&b, now)
	s.printRoutes(&b)
	if p := s.Parked; p.Events+p.Lifecycle > 0 {
		fmt.Fprintf(&b, "\nParked\n  %s\n", p)
	}
	if len(s.Missing) > 0 {
		b.WriteString("\nMissing\n")
		for _, m := range s.Missing {
			fmt.Fprintf(&b, "  %s\n", terminal.Clean(m))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s *Status) printServices(b *strings.Builder, now time.Time) {
	b.WriteString("\nServices\n")
	if len(s.Services) == 0 {
		b.WriteString("  none is attached\n")
	}
	for _, service := range s.Services {
		fmt.Fprintf(b, "  %s: %s", terminal.Clean(service.Name), count(len(service.Instances), "instance"))
		if service.Unbound > 0 {
			fmt.Fprintf(b, ", %s with none of them", count(service.Unbound, "socket"))
		}
		if service.Parked.Events+service.Parked.Lifecycle > 0 {
			fmt.Fprintf(b, ", parked %s", service.Parked)
		}
		if service.Held > 0 {
			fmt.Fprintf(b, ", %s not read meanwhile", count(service.Held, "browser"))
		}
		if len(service.Instances) == 0 {
			fmt.Fprintf(b, "; `hub forget %s` if it is gone for good", terminal.Clean(service.Name))
		}
		b.WriteByte('\n')
		for _, i := range service.Instances {
			i.print(b, now)
		}
	}
}

// print writes the line of an instance. What is as it usually is goes without saying.
func (i *Instance) print(b *strings.Builder, now time.Time) {
	state := "attached " + age(now, i.AttachTime)
	if !i.Attached {
		state = "lost, waited for"
		if !i.SuspendTime.IsZero() {
			state = "lost " + age(now, i.SuspendTime) + " ago, waited for"
		}
	}
	for _, fact := range []struct {
		is   bool
		word string
	}{
		{i.Paused, "paused"}, {i.Draining, "draining"}, {i.Weight > 1, fmt.Sprintf("weight %d", i.Weight)},
		{i.KeepsSockets, "keeps its sockets"},
	} {
		if fact.is {
			state += ", " + fact.word
		}
	}
	fmt.Fprintf(b, "    %s: %s, %s, %d of %d deliveries in flight",
		terminal.Clean(strings.TrimSpace(i.ID+" "+i.Version)), state, count(i.Sockets, "socket"), i.Deliveries, i.WindowDeliveries)
	if i.Attempts > 0 {
		fmt.Fprintf(b, ", %d of %d connect attempts", i.Attempts, i.WindowAttempts)
	}
	if i.OldestUnsettledSeconds > 0 {
		oldest := time.Duration(i.OldestUnsettledSeconds * float64(time.Second))
		fmt.Fprintf(b, ", oldest unsettled %s", oldest.Round(100*time.Millisecond))
	}
	b.WriteByte('\n')
}

func (s *Status) printRoutes(b *strings.Builder) {
	if len(s.Routes) == 0 {
		return
	}
	b.WriteString("\nRoutes\n")
	table := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, r := range s.Routes {
		events := "connect attempts"
		if r.Role != "authorizer" {
			events = cmp.Or(strings.Join(r.Events, ", "), "no events")
		}
		_, _ = fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", terminal.Clean(r.Namespace), terminal.Clean(r.Role), terminal.Clean(r.Group), terminal.Clean(events))
	}
	_ = table.Flush() // a strings.Builder takes everything
}

// String writes what waits in words.
func (p Parked) String() string {
	return fmt.Sprintf("%s (%d bytes), %s", count(p.Events, "event"), p.Bytes, count(p.Lifecycle, "connect or disconnect"))
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, strings.ReplaceAll(noun, "connect or disconnect", "connects or disconnect"))
}

// age rounds to what somebody at a terminal wants to know.
func age(now, since time.Time) string {
	return max(now.Sub(since), 0).Round(time.Second).String()
}
