package hostile_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/siohub/siohub/service"
	"github.com/siohub/siohub/test/hostile"
)

// The addresses of the two ends of the cable, and the hub's ports, which are free in a network of its own.
const (
	nearAddress, farAddress = "10.9.0.1", "10.9.0.2"
	nearBrowsers            = nearAddress + ":3000"
	nearControl, nearAdmin  = "127.0.0.1:7420", "127.0.0.1:7421"
)

// TestVanished has browsers vanish without a word, as by a cable that is pulled: no FIN, no RST. One is heard, and
// misses its heartbeat; one is not read further, because a handler is stuck, and it is the kernel that finds out. It
// runs in a network namespace of its own.
func TestVanished(t *testing.T) {
	if os.Getenv("HOSTILE_NAMESPACE") != "" {
		vanish(t)
		return
	}
	if testing.Short() || os.Getenv("HOSTILE_TARGET")+os.Getenv("HOSTILE_REFERENCE")+os.Getenv("HOSTILE_PROGRAM") != "" {
		t.Skip("needs the hub's own program")
	}
	const try = "ip link add near type veth peer name far && nsenter -t $$ -n true"
	if out, err := exec.Command("unshare", "-rn", "sh", "-c", try).CombinedOutput(); err != nil {
		t.Skipf("no network namespaces here: %v %s", err, out)
	}
	dir, err := hostile.Programs()
	if err != nil {
		t.Fatal(err)
	}
	inside := exec.Command("unshare", "-rn", os.Args[0], "-test.run=^TestVanished$", "-test.v", "-test.timeout=3m")
	inside.Env = append(os.Environ(), "HOSTILE_NAMESPACE="+dir)
	out, err := inside.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}

// vanish is the test within the namespace.
func vanish(t *testing.T) {
	far := exec.Command("unshare", "-n", "sleep", "600") // holds the other namespace
	launch(t, far)
	within := []string{"nsenter", "-t", strconv.Itoa(far.Process.Pid), "-n"}
	eventually(t, func() bool { // it has gone there
		ours, _ := os.Readlink("/proc/self/ns/net")
		its, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", far.Process.Pid))
		return err == nil && its != ours
	})
	do := func(command string, prefix ...string) {
		args := append(prefix, strings.Fields(command)...)
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v %s", command, err, out)
		}
	}
	do("ip link set lo up")
	do("ip link add near type veth peer name far netns " + strconv.Itoa(far.Process.Pid))
	do("ip addr add " + nearAddress + "/24 dev near")
	do("ip link set near up")
	do("ip addr add "+farAddress+"/24 dev far", within...)
	do("ip link set far up", within...)

	hub := exec.Command(filepath.Join(os.Getenv("HOSTILE_NAMESPACE"), "hub"), "serve", "--listen", nearBrowsers, "--control-listen", nearControl,
		"--admin-listen", nearAdmin, "--ping-interval", "1s", "--ping-timeout", "1s", "--parking-socket-events", "1")
	hub.Stderr = os.Stderr
	launch(t, hub)
	eventually(t, func() bool { return adminPage("/readyz") != "" })
	release := make(chan struct{})
	reasons := serveVanishing(t, release)

	browsers := exec.Command(within[0], append(within[1:], os.Args[0])...)
	browsers.Env = append(os.Environ(), "HOSTILE_FAR=yes")
	said, err := browsers.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	launch(t, browsers)
	if _, err := io.ReadFull(said, make([]byte, len(farReady))); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool { return strings.Contains(adminPage("/metrics"), `hub_held_sockets{group="vanishing"} 1`) })
	do("ip link set far down", within...)

	eventually(t, func() bool { return strings.Contains(adminPage("/metrics"), "\nhub_sessions 0\n") })
	close(release)
	want := map[string]bool{"ping timeout, no pong in time": true, "transport close, " + syscall.ETIMEDOUT.Error(): true}
	for range 2 {
		select {
		case reason := <-reasons:
			if !want[reason] {
				t.Errorf("the service is told %q", reason)
			}
			delete(want, reason)
		case <-time.After(time.Minute):
			t.Fatal("nobody told the service")
		}
	}
}

// serveVanishing is a service whose handler of `stuck` waits for release. What comes back has why sockets went.
func serveVanishing(t *testing.T, release <-chan struct{}) <-chan string {
	svc := service.New("vanishing", service.Options{Hub: nearControl, Logger: slog.New(slog.DiscardHandler)})
	reasons := make(chan string, 2)
	svc.Namespace("/vanish").AllowAnyone().
		On("stuck", func(ctx context.Context, _ *service.Event) error {
			select {
			case <-release:
			case <-ctx.Done():
			}
			return nil
		}).
		OnDisconnect(func(_ context.Context, d *service.Disconnect) error {
			reasons <- d.Reason + ", " + d.Detail
			return nil
		})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- svc.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	if err := svc.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	return reasons
}

// farReady is what the process with the browsers says.
const farReady = "joined\n"

// vanishing is what that process does: it never returns.
func vanishing() {
	t := &hostile.Target{Addr: nearBrowsers}
	heard, stuck := hostile.NewProbe(t, time.Hour), hostile.NewProbe(t, time.Hour)
	for _, p := range []*hostile.Probe{heard, stuck} {
		s := guest(p, "/vanish")
		go func() { _ = listen(s) }()
		if p == stuck {
			// More than the window of the service and the parking take, so that it is not read further.
			go func() { _, _ = s.Write(bytes.Repeat(packet(`2/vanish,["stuck"]`), 20_000)) }()
		}
	}
	fmt.Print(farReady)
	select {}
}

// launch starts a process that ends with the test.
func launch(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

func adminPage(path string) string {
	r, err := (&http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}).Get("http://" + nearAdmin + path)
	if err != nil {
		return ""
	}
	defer func() { _ = r.Body.Close() }()
	b, _ := io.ReadAll(r.Body)
	return string(b)
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("never; metrics:\n%s", tail(adminPage("/metrics"), 6000))
		}
	}
}
