package main

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// The first paragraph of the story, without the browser: the service is killed,
// the demo says so and goes on, and a service that is started by hand is welcome.
func TestDemo_GoesOnWhenTheServiceIsKilled(t *testing.T) {
	p := start(t, with("demo", "--no-serve-client")...)
	at := p.ready()
	if status, body := get(t, "http://"+at.host()+"/"); status != 200 || !strings.Contains(body, "<title>") {
		t.Errorf("page: %d %s", status, body)
	}
	page := p.find(`in two tabs and chat: +(\S+)$`)[1]
	if page != "http://"+at.host()+"/" {
		t.Errorf("the guide says %s", page)
	}
	pid, err := strconv.Atoi(p.find(`^ +kill -9 (\d+)$`)[1])
	if err != nil {
		t.Fatal(err)
	}
	restart := strings.TrimSpace(p.find(`^ +(.* demo service --hub ` + regexp.QuoteMeta(at.services) + `)$`)[1])
	attached(t, p, at, 1)

	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	p.find(`The chat service \(process ` + strconv.Itoa(pid) + `\) was killed`)
	if status, _ := get(t, at.admin+"/readyz"); status != 200 {
		t.Errorf("readyz: %d", status)
	}

	words := strings.Fields(restart)
	hand := &process{Cmd: exec.Command(words[0], words[1:]...), t: t, output: newLines()}
	hand.Env = append(os.Environ(), runMain+"=1")
	hand.Stdout, hand.Stderr = hand.output, hand.output
	if err := hand.Start(); err != nil {
		t.Fatal(err)
	}
	hand.find(`^chat service: process ` + strconv.Itoa(hand.Process.Pid))
	attached(t, p, at, 1)
	_ = hand.Process.Signal(os.Interrupt)
	if code := hand.code(); code != 0 {
		t.Errorf("the service by hand: exit %d\n%s", code, hand.output.text())
	}

	_ = p.Process.Signal(os.Interrupt)
	if code := p.code(); code != 0 {
		t.Errorf("exit %d", code)
	}
}

// attached waits until so many instances of the chat are attached.
func attached(t *testing.T, p *process, at addresses, n int) {
	t.Helper()
	waitFor(t, func() bool {
		_, metrics := get(t, at.admin+"/metrics")
		return strings.Contains(metrics, `hub_streams{group="chat"} `+strconv.Itoa(n)+"\n")
	})
	out, errs, code := execute(t, "status", "--admin", strings.TrimPrefix(at.admin, "http://"))
	if code != 0 || !strings.Contains(out, "chat: ") || !strings.Contains(out, "/chat  authorizer  chat") {
		t.Errorf("status: exit %d\n%s%s\n%s", code, out, errs, p.output.text())
	}
}

func TestDemo_EndsItsServiceToo(t *testing.T) {
	p := start(t, with("demo")...)
	pid, err := strconv.Atoi(p.find(`^ +kill -9 (\d+)$`)[1])
	if err != nil {
		t.Fatal(err)
	}
	p.find("^chat service: process ")
	_ = p.Process.Signal(syscall.SIGTERM)
	if code := p.code(); code != 0 {
		t.Errorf("exit %d", code)
	}
	if err := syscall.Kill(pid, 0); err == nil {
		t.Errorf("process %d is still there", pid)
	}
}

// A demo that is killed cannot clean up; its service must not stay behind.
func TestDemo_KilledDemoLeavesNoService(t *testing.T) {
	p := start(t, with("demo")...)
	pid, err := strconv.Atoi(p.find(`^ +kill -9 (\d+)$`)[1])
	if err != nil {
		t.Fatal(err)
	}
	p.find("^chat service: process ")
	_ = p.Process.Kill()
	p.code()
	waitFor(t, func() bool { return gone(pid) })
}

// gone reports whether a process has ended. One that nobody has waited for yet
// counts as ended: in a container there may be no init that does.
func gone(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && strings.Contains(string(stat), ") Z ")
}
