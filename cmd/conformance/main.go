package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// shutdownTimeout is how long the parts have to end in order.
const shutdownTimeout = 5 * time.Second

// settings are the program's flags.
type settings struct {
	engine         bool
	client         bool
	parser         string
	addr           string
	controlListen  string
	adminListen    string
	pingInterval   time.Duration
	pingTimeout    time.Duration
	connectTimeout time.Duration
	maxPayload     int64
	verbose        bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stderr); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return
		}
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, stderr io.Writer) error {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	if s.engine {
		return runEngine(ctx, s, stderr)
	}
	return runHub(ctx, s, stderr)
}

func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	f := flag.NewFlagSet("conformance", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.BoolVar(&s.engine, "engine", false, "serve a bare Engine.IO echo on /engine.io/ instead of hub and service")
	f.BoolVar(&s.client, "client", false, "serve what socket.io-client's own suite talks to; the hub is as it is by default, with a heartbeat of 2 s")
	f.StringVar(&s.parser, "parser", "json", "`FORM` of packets: json, msgpack or both; not with -client")
	f.StringVar(&s.addr, "addr", "127.0.0.1:3000", "`HOST:PORT` for browsers; port 0 picks one")
	f.StringVar(&s.controlListen, "control-listen", "127.0.0.1:0", "`HOST:PORT` for services")
	f.StringVar(&s.adminListen, "admin-listen", "", "`HOST:PORT` for metrics, profiles and health; empty means none")
	f.DurationVar(&s.pingInterval, "ping-interval", 300*time.Millisecond, "time from a pong to the next ping")
	f.DurationVar(&s.pingTimeout, "ping-timeout", 200*time.Millisecond, "time that a browser has for its pong")
	f.DurationVar(&s.connectTimeout, "connect-timeout", time.Second, "time to join a first namespace")
	f.Int64Var(&s.maxPayload, "max-payload", 1_000_000, "largest payload in `BYTES`")
	f.BoolVar(&s.verbose, "v", false, "log what happens")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	if f.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if s.engine && s.client {
		return s, errors.New("either -engine or -client")
	}
	return s, nil
}

// serveHTTP serves on the listener in a goroutine of its own, which ends when the
// server is closed; an error before that goes to failed.
func serveHTTP(srv *http.Server, l net.Listener, failed chan<- error) {
	go func() {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()
}

// wait returns when ctx ends or a part fails.
func wait(ctx context.Context, failed <-chan error) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}
