// Command instance is the service under test/chaos: it writes each delivery into
// the ledger, says `seen` and then replies. It leaves in an orderly way with SIGTERM
// alone; most tests kill it. With --asks it asks who is there, again and again, and notes how long
// that took (asks.go).
package main

import (
	"context"
	"encoding/hex"
	"flag"
	"log/slog"
	"os"
	"strconv"
	"time"

	"github.com/siohub/siohub/service"
	"github.com/siohub/siohub/test/chaos"
)

func main() {
	hub := flag.String("hub", "127.0.0.1:7420", "the hub's control listener, or several with commas between them")
	id := flag.String("instance", "", "instance id; empty draws one")
	path := flag.String("ledger", "", "file that all instances append to")
	each := flag.Bool("each", false, "each instance is introduced to the sockets that it holds")
	asks := flag.String("asks", "", "file for how long questions took; empty asks none")
	flag.Parse()

	ledger, err := chaos.OpenLedger(*path)
	if err != nil {
		slog.Error("open the ledger", "error", err)
		os.Exit(1)
	}
	book := &book{ledger: ledger, run: strconv.Itoa(os.Getpid()) + "." + strconv.FormatInt(time.Now().UnixNano(), 36)}
	svc := service.New("chaos", service.Options{Hub: *hub, InstanceID: *id, Version: book.run})
	ns := svc.Namespace(chaos.Namespace)
	book.register(ns)
	if *each {
		ns.Set(service.IntroduceOnInstance())
		ns.OnReleased(func(_ context.Context, r *service.Released) error {
			return book.write(chaos.Record{Kind: chaos.Released, Socket: r.Socket.ID(), Reason: r.Reason})
		})
	}
	if *asks != "" {
		go askAgain(ns, *asks)
	}
	if err := svc.RunUntilSignal(context.Background()); err != nil {
		slog.Error("run", "error", err)
		os.Exit(1)
	}
}

// book handles what browsers do.
type book struct {
	ledger *chaos.Ledger
	run    string
}

func (b *book) register(ns *service.Namespace) {
	ns.OnConnect(func(context.Context, *service.ConnectAttempt) (service.Accept, error) {
		return service.Accept{}, nil
	})
	ns.OnConnected(func(_ context.Context, c *service.Connected) error {
		return b.write(chaos.Record{
			Kind: chaos.Connected, Socket: c.Socket.ID(), DedupeID: c.DedupeID, Attempt: c.Attempt,
		})
	})
	ns.On("work", b.event)
	ns.On("note", b.event)
	ns.OnDisconnect(func(_ context.Context, d *service.Disconnect) error {
		return b.write(chaos.Record{
			Kind: chaos.Disconnected, Socket: d.Socket.ID(), DedupeID: d.DedupeID, Attempt: d.Attempt, Reason: d.Reason,
		})
	})
}

// event deals with `work`, which wants an ack, and with `note`, which does not.
func (b *book) event(ctx context.Context, e *service.Event) error {
	var n int
	if err := e.Bind(&n); err != nil {
		return err
	}
	err := b.write(chaos.Record{
		Kind: chaos.Event, Socket: e.Socket.ID(), N: n, DedupeID: e.DedupeID(), Attempt: e.Attempt,
	})
	if err != nil {
		return err
	}
	if n%4 == 0 {
		// Some work, so that a kill finds events that are handled and not settled.
		time.Sleep(time.Duration(n%7) * 4 * time.Millisecond)
	}
	if !e.WantsAck {
		return nil
	}
	if err := e.Socket.Emit(ctx, "seen", n); err != nil {
		return err
	}
	return e.Reply(n)
}

func (b *book) write(r chaos.Record) error {
	r.Run, r.DedupeID = b.run, hex.EncodeToString([]byte(r.DedupeID))
	if err := b.ledger.Append(r); err != nil {
		return service.Retry(err)
	}
	return nil
}
