package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	only := flag.String("only", "", "only clients whose name and transport have this in them")
	atOnce := flag.Int("at-once", 4, "how many clients are run at the same time")
	writes := flag.Bool("write", false, "write the table into "+document)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := interop(ctx, *only, *atOnce, *writes); err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		os.Exit(1)
	}
}

// interop runs the cells that are asked for; it fails when one of them does, after it has written the table.
func interop(ctx context.Context, only string, atOnce int, writes bool) error {
	var chosen []cell
	for _, c := range cells(false) {
		if strings.Contains(c.name+" over "+c.transport, only) {
			chosen = append(chosen, c)
		}
	}
	if len(chosen) == 0 || writes && only != "" {
		return errors.New("-only chooses some of the clients, and the table is written when all of them were run")
	}
	if names := missing(chosen); len(names) > 0 {
		return fmt.Errorf("make interop installs what is missing: %s", strings.Join(names, ", "))
	}
	dir, err := os.MkdirTemp("", "interop-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := buildHub(ctx, dir); err != nil {
		return err
	}
	b, err := newBench(dir)
	if err != nil {
		return err
	}
	results := b.runAll(ctx, chosen, atOnce, show)
	said := b.stop()
	failed := failures(results)
	if writes {
		if err := write(results, time.Now()); err != nil {
			return err
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d failed:\n%s%s", len(failed), len(results), strings.Join(failed, ""), lastLines(said, 200))
	}
	return nil
}

// show prints a result.
func show(r result) {
	outcome := "ok"
	if len(r.failed) > 0 {
		outcome = "FAILED"
	}
	fmt.Printf("%-6s %s over %s (%s)\n", outcome, r.name, r.transport, r.version)
}

// buildHub builds cmd/hub into a directory.
func buildHub(ctx context.Context, dir string, flags ...string) error {
	build := exec.CommandContext(ctx, "go", append(append([]string{"build", "-o", filepath.Join(dir, "hub")}, flags...), "./cmd/hub")...)
	build.Dir = inRoot("")
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, output)
	}
	return nil
}
