package chaos_test

import (
	"os/exec"
	"syscall"
)

// takeAlong makes a program end with the test, even when the test is killed.
func takeAlong(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
