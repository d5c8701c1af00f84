package chaos_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/siohub/siohub/test/chaos"
)

// browser is a Socket.IO client in one namespace over one WebSocket. It sends
// events numbered 1, 2, 3, … and holds the acks against them.
type browser struct {
	conn *websocket.Conn
	sid  string
	// alive is how long nothing may be heard of the hub; zero is for ever. pace stretches the pauses between events.
	alive time.Duration
	pace  time.Duration
	// slots bounds the events that wait for an ack; a full one makes run wait.
	slots chan struct{}
	// ended is closed by read when the connection is over; err says why.
	ended chan struct{}
	err   error

	mu sync.Mutex // guards the fields below, and writes to conn
	// sent is the number of the last event.
	sent int
	// waiting are the events that want an ack, oldest first.
	waiting []pending
	// seen is the greatest number that a `seen` event brought.
	seen int
	// delays are the times from event to ack.
	delays []time.Duration
	// slowest is the event that has waited for the longest for its ack.
	slowest stall
	// news are the numbers of `news` events, as they came.
	news []int
	// leaving is set before the browser ends its connection by itself.
	leaving bool
}

type pending struct {
	n    int
	time time.Time
}

const inFlight = 4

var prefix = chaos.Namespace + ","

// dial opens a session and joins the namespace.
func dial(ctx context.Context, address string) (*browser, error) {
	return dialFor(ctx, address, 0, time.Millisecond)
}

// dialFor is dial for a browser with that alive and pace.
func dialFor(ctx context.Context, address string, alive, pace time.Duration) (*browser, error) {
	dialer := websocket.Dialer{HandshakeTimeout: 30 * time.Second}
	conn, _, err := dialer.DialContext(ctx, "ws://"+address+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	b := &browser{conn: conn, alive: alive, pace: pace, slots: make(chan struct{}, inFlight), ended: make(chan struct{})}
	if err := b.join(); err != nil {
		conn.Close()
		return nil, err
	}
	_ = conn.SetReadDeadline(time.Time{})
	go b.read()
	return b, nil
}

// join walks through the open packet and CONNECT.
func (b *browser) join() error {
	if packet, err := b.next(); err != nil || !strings.HasPrefix(packet, "0{") {
		return fmt.Errorf("open packet: %q, %w", packet, err)
	}
	if err := b.write("40" + prefix); err != nil {
		return err
	}
	packet, err := b.next()
	if err != nil {
		return err
	}
	var connect struct{ Sid string }
	body, ok := strings.CutPrefix(packet, "40"+prefix)
	if !ok || json.Unmarshal([]byte(body), &connect) != nil || connect.Sid == "" {
		return fmt.Errorf("instead of CONNECT: %q", packet)
	}
	b.sid = connect.Sid
	return nil
}

// next reads a packet; it answers heartbeats by itself.
func (b *browser) next() (string, error) {
	for {
		if b.alive > 0 {
			_ = b.conn.SetReadDeadline(time.Now().Add(b.alive))
		}
		_, packet, err := b.conn.ReadMessage()
		if err != nil || string(packet) != "2" {
			return string(packet), err
		}
		b.mu.Lock()
		err = b.write("3")
		b.mu.Unlock()
		if err != nil {
			return "", err
		}
	}
}

func (b *browser) write(packet string) error {
	return b.conn.WriteMessage(websocket.TextMessage, []byte(packet))
}

// read takes what comes until the connection ends. Nothing but an end that the
// browser itself asked for is a good one.
func (b *browser) read() {
	defer close(b.ended)
	for {
		packet, err := b.next()
		if err == nil {
			err = b.take(packet)
		}
		if err != nil {
			b.mu.Lock()
			if !b.leaving {
				b.err = err
			}
			b.mu.Unlock()
			return
		}
	}
}

// take holds one packet against what was sent.
func (b *browser) take(packet string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case strings.HasPrefix(packet, "42"+prefix+`["news",`):
		var n int
		if _, err := fmt.Sscanf(packet, "42"+prefix+`["news",%d]`, &n); err != nil {
			return fmt.Errorf("unexpected event %q", packet)
		}
		b.news = append(b.news, n)
		return nil
	case strings.HasPrefix(packet, "42"+prefix):
		var seen struct{ n int }
		if _, err := fmt.Sscanf(packet, "42"+prefix+`["seen",%d]`, &seen.n); err != nil {
			return fmt.Errorf("unexpected event %q", packet)
		}
		b.seen = max(b.seen, seen.n)
		return nil
	case strings.HasPrefix(packet, "43"+prefix):
		return b.ack(packet)
	default:
		return fmt.Errorf("unexpected packet %q", packet)
	}
}

// ack checks that the oldest event that waits is the one that is acked. The ack id
// and its argument are both the event's number.
func (b *browser) ack(packet string) error {
	var id, n int
	if _, err := fmt.Sscanf(packet, "43"+prefix+"%d[%d]", &id, &n); err != nil || id != n {
		return fmt.Errorf("bad ack %q", packet)
	}
	if len(b.waiting) == 0 || b.waiting[0].n != n {
		return fmt.Errorf("ack %q out of order: %v wait", packet, b.waiting)
	}
	if b.seen < n {
		return fmt.Errorf("ack %q overtook what its handler emitted before: seen %d", packet, b.seen)
	}
	took := time.Since(b.waiting[0].time)
	b.delays = append(b.delays, took)
	if took > b.slowest.by {
		b.slowest = stall{b.waiting[0].time, took}
	}
	b.waiting = b.waiting[1:]
	<-b.slots
	return nil
}

// run sends events until the context ends: most of them want an ack.
func (b *browser) run(ctx context.Context, random *rand.Rand) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.ended:
			return
		case <-pause.C:
		}
		for range 1 + random.IntN(3) {
			wantsAck := random.IntN(5) > 0
			if wantsAck {
				select {
				case b.slots <- struct{}{}:
				case <-ctx.Done():
					return
				case <-b.ended:
					return
				}
			}
			b.emit(wantsAck)
		}
		pause.Reset(time.Duration(20+random.IntN(180)) * b.pace)
	}
}

// emit sends the next event. An error shows in read.
func (b *browser) emit(wantsAck bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent++
	n := strconv.Itoa(b.sent)
	if !wantsAck {
		_ = b.write("42" + prefix + `["note",` + n + `]`)
		return
	}
	b.waiting = append(b.waiting, pending{b.sent, time.Now()})
	_ = b.write("42" + prefix + n + `["work",` + n + `]`)
}

// unanswered is the number of events that wait for an ack.
func (b *browser) unanswered() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting)
}

// leave ends the connection as a closed tab does, and waits for its end.
func (b *browser) leave() error {
	b.mu.Lock()
	b.leaving = true
	_ = b.conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, ""))
	b.mu.Unlock()
	select {
	case <-b.ended:
	case <-time.After(10 * time.Second):
		return errors.New("the hub did not answer the close frame")
	}
	return b.conn.Close()
}
