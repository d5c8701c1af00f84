package hostile_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/siohub/siohub/test/hostile"
)

// child runs this program again in another role, which its environment says. It ends
// with its standard input, so that it never outlives the test; what it says comes
// back from the two functions: the first line, and the rest at its end.
func child(t *testing.T, target *hostile.Target, role string, under ...string) (line func() string, stop func() string) {
	t.Helper()
	args := append(under, os.Args[0])
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), role, "HOSTILE_TARGET="+target.Addr, "HOSTILE_CONTROL="+target.Control, "HOSTILE_TOKEN="+target.Token)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewReader(out)
	line = func() string {
		s, _ := said.ReadString('\n')
		return strings.TrimSpace(s)
	}
	stop = sync.OnceValue(func() string {
		_ = in.Close()
		late := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
		defer late.Stop()
		rest, _ := io.ReadAll(said)
		_ = cmd.Wait()
		return strings.TrimSpace(string(rest))
	})
	t.Cleanup(func() { stop() })
	return line, stop
}

// endWithInput is how a child ends.
func endWithInput(last func()) {
	_, _ = io.Copy(io.Discard, os.Stdin)
	last()
	os.Exit(0)
}

// attacking runs the attackers until the function that comes back is called; it says what
// they did. The first of them has begun.
func attacking(t *testing.T, target *hostile.Target, kind string) (stop func() string) {
	t.Helper()
	line, stop := child(t, target, "HOSTILE_ATTACK="+kind, leftOver()...)
	if line() != "begun" {
		t.Fatalf("no attack: %s", stop())
	}
	return stop
}

// leftOver is the command under which a process has only what others leave of the processors, as if it were on a
// machine of its own. With HOSTILE_EAGER it comes before nobody, but has its part beside other programs, which would leave it nothing.
func leftOver() []string {
	_, err := exec.LookPath("chrt")
	switch {
	case err == nil && os.Getenv("HOSTILE_EAGER") != "":
		return []string{"chrt", "--other", "0", "env", "GOMAXPROCS=16"}
	case err == nil:
		return []string{"chrt", "--idle", "0"}
	}
	return []string{"nice", "-n", "19"}
}

// yielding lets the threads of a server come behind this process, if this one has precedence (`make neighbours`): bystanders
// are on machines of their own, and of threads of the same precedence none makes room for another.
func yielding(t *testing.T, target *hostile.Target) {
	t.Helper()
	if out, err := exec.Command("chrt", "-p", fmt.Sprint(os.Getpid())).Output(); err != nil || !strings.Contains(string(out), "SCHED_RR") {
		return
	}
	if out, err := exec.Command("chrt", "-a", "--rr", "-p", "1", fmt.Sprint(target.PID)).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// blow is called for each thing that an attacker does, in the unit of the attack.
func blow() {
	if blows.Add(1) == 1 {
		fmt.Println("begun")
	}
}

// setbacks are how often attackers had to begin again, and setback is why at last.
var (
	blows    atomic.Int64
	setbacks atomic.Int64
	setback  atomic.Value
)

// attackAsNeighbour is what a process does that TestMain has found to be an attacker: it
// never returns.
func attackAsNeighbour(kind string) {
	all := append(neighbours(), browserNeighbours()...)
	i := slices.IndexFunc(all, func(n neighbour) bool { return n.name == kind })
	if i < 0 {
		panic("no such attack: " + kind)
	}
	t := &hostile.Target{Addr: os.Getenv("HOSTILE_TARGET"), Control: os.Getenv("HOSTILE_CONTROL"), Token: os.Getenv("HOSTILE_TOKEN")}
	for range all[i].count {
		go func() {
			for {
				p := hostile.NewProbe(t, time.Hour)
				why := attackOnce(p, all[i].attack)
				p.Close()
				if why != nil {
					setbacks.Add(1)
					setback.Store(fmt.Sprintf("%.120v", why))
					<-time.After(breath) // a hub that has ended is not asked without a pause
				}
			}
		}()
	}
	endWithInput(func() {
		fmt.Printf("%d", blows.Load())
		if n := setbacks.Load(); n > 0 {
			fmt.Printf(", begun again %d times: %v", n, setback.Load())
		}
	})
}
