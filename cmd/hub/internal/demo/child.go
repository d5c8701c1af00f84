package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// stopTime is how long the service has to end in order before it is killed.
const stopTime = 10 * time.Second

// Child is the chat service as a process of its own.
type Child struct {
	command *exec.Cmd
	stdin   io.Closer     // its end tells the child that the parent is gone
	done    chan struct{} // closed when the process has ended and been waited for
	err     error         // how it ended; to be read after done
}

// Start starts a program. Its output goes to out.
func Start(program string, args, environ []string, out io.Writer) (*Child, error) {
	command := exec.Command(program, args...)
	command.Env = environ
	command.Stdout, command.Stderr = out, out
	command.SysProcAttr = ownGroup()
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("demo: cannot start the chat service: %w", err)
	}
	c := &Child{command: command, stdin: stdin, done: make(chan struct{})}
	go func() { // ends with the process
		c.err = command.Wait()
		close(c.done)
	}()
	return c, nil
}

// PID is the process id.
func (c *Child) PID() int { return c.command.Process.Pid }

// Done is closed when the process has ended.
func (c *Child) Done() <-chan struct{} { return c.done }

// Ending says in words how the process ended. It waits for that.
func (c *Child) Ending() string {
	<-c.done
	var exit *exec.ExitError
	if errors.As(c.err, &exit) {
		if s, ok := exit.Sys().(syscall.WaitStatus); ok && s.Signaled() && s.Signal() == syscall.SIGKILL {
			return "was killed"
		}
		return "ended (" + exit.String() + ")"
	}
	return "ended"
}

// Stop asks the process to end, and kills it when it does not.
func (c *Child) Stop() {
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	defer func() { _ = c.stdin.Close() }()
	_ = c.command.Process.Signal(os.Interrupt) // fails when it has ended already
	select {
	case <-c.done:
	case <-ctx.Done():
		_ = c.command.Process.Kill()
		<-c.done
	}
}

// UntilParentEnds returns a context that ends when the reader, the pipe from the
// parent, is at its end.
func UntilParentEnds(ctx context.Context, stdin io.Reader) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() { // ends with the parent, or with this process
		defer cancel()
		_, _ = io.Copy(io.Discard, stdin)
	}()
	return ctx
}
