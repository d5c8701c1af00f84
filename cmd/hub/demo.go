package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/siohub/siohub/cmd/hub/internal/config"
	"github.com/siohub/siohub/cmd/hub/internal/demo"
	"github.com/siohub/siohub/cmd/hub/internal/token"
	"github.com/siohub/siohub/examples/chat"
	"github.com/siohub/siohub/service"
)

// demoCmds are the demo and its service.
type demoCmds struct {
	Run     demoCmd        `cmd:"" default:"withargs" help:"Run the hub with a chat page and a chat service to play with (the same as \"hub demo\")."`
	Service demoServiceCmd `cmd:"" help:"Run the chat service of the demo alone."`
}

// demoCmd runs the hub with the chat.
type demoCmd struct{ options }

// Run implements `hub demo`.
func (c *demoCmd) Run(a *app) error {
	loaded, err := c.load(a)
	if err != nil {
		return err
	}
	if loaded.Source["log.level"] == "" {
		loaded.Config.Log.Level = "warn" // a visitor reads the guide, not the log
	}
	secret := token.New() // only this process and its child know it
	own := []token.Token{{Name: "demo", Hash: token.HashOf(secret)}}
	stderr := a.log(loaded.Config.Log)
	defer stderr.Flush(flushTime)
	logger, _ := newLogger(stderr, loaded)
	n, err := newNode(a.ctx, loaded.Config, extras{demo.Page(chat.Page()), own, stderr.Dropped}, logger)
	if err != nil {
		return err
	}
	if err := n.listen(); err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		n.closeListeners()
		return fmt.Errorf("cannot find this program to start the chat service with: %w", err)
	}
	n.warn()
	n.announce(stderr)
	restart := []string{program, "demo", "service", "--hub", dialable(n.controlListener.Addr())}
	child, err := demo.Start(restart[0], append(restart[1:], "--with-parent"), append(slices.Clone(a.environ), config.EnvToken+"="+secret), stderr)
	if err != nil {
		n.closeListeners()
		return err
	}
	guide := &demo.Guide{Out: stderr, Page: n.front.doors[0].url("/"), Restart: restart}
	guide.Welcome(child.PID())
	ctx, cancel := context.WithCancel(context.WithoutCancel(a.ctx))
	watched := make(chan struct{})
	go func() { // ends with the demo
		defer close(watched)
		defer cancel()
		watch(a.ctx, ctx, child, guide)
	}()
	err = n.serve(ctx)
	cancel() // when a listener failed
	<-watched
	return err
}

// watch says when the service has died, and stops it when the demo is asked to end
// or has ended. The service leaves first, and the hub after it, so that the service
// does not look for a hub that is gone.
func watch(asked, ended context.Context, child *demo.Child, guide *demo.Guide) {
	defer child.Stop()
	select {
	case <-child.Done():
		guide.Ended(child.PID(), child.Ending())
	case <-asked.Done():
		return
	case <-ended.Done():
		return
	}
	select {
	case <-asked.Done():
	case <-ended.Done():
	}
}

// demoServiceCmd runs the chat service.
type demoServiceCmd struct {
	Hub        string `default:"127.0.0.1:7420" env:"HUB_ADDRESS" placeholder:"HOST:PORT" help:"Control listener of the hub. Default ${default}."`
	WithParent bool   `hidden:"" help:"End when standard input ends."`
}

// Run implements `hub demo service`.
func (c *demoServiceCmd) Run(a *app) error {
	ctx, level := a.ctx, slog.LevelInfo
	if c.WithParent {
		ctx, level = demo.UntilParentEnds(ctx, os.Stdin), slog.LevelWarn
	}
	_, _ = fmt.Fprintf(a.stderr, "chat service: process %d, hub %s\n", os.Getpid(), c.Hub)
	return chat.New(service.Options{
		Hub: c.Hub, Token: variable(a.environ, config.EnvToken), Version: "demo",
		Logger: slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: level})),
	}).Run(ctx)
}

// variable reads the environment; the last one counts, as for the system.
func variable(environ []string, name string) string {
	for _, pair := range slices.Backward(environ) {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}
