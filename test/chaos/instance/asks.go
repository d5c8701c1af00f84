package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/siohub/siohub/service"
	"github.com/siohub/siohub/test/chaos"
)

// askAgain asks who is there four times a second, whether the last question has its answer or not, and appends what came of it
// to a file.
func askAgain(ns *service.Namespace, path string) {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		slog.Error("open the file of answers", "error", err)
		os.Exit(1)
	}
	for range time.Tick(chaos.AskEvery) {
		go func() {
			line, _ := json.Marshal(ask(ns))
			_, _ = file.Write(append(line, '\n'))
		}()
	}
}

func ask(ns *service.Namespace) chaos.Answer {
	ctx, cancel := context.WithTimeout(context.Background(), chaos.AskTimeout)
	defer cancel()
	a := chaos.Answer{Begun: time.Now()}
	sockets, err := ns.All().FetchSockets(ctx)
	a.Took, a.Sockets = time.Since(a.Begun), len(sockets)
	var missing *service.MissingHubsError
	switch {
	case errors.As(err, &missing):
		a.Missing = missing.Hubs
	case err != nil:
		a.Error = err.Error()
	}
	return a
}
