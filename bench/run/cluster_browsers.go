package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// population is the browsers of a fleet, and where they are.
type population struct {
	browsers []*browser
	// spread and here are rooms of ten, over all servers in turn and at the first alone.
	// sockets are ids of those that are at the last server, own of those at the first.
	spread, here, sockets, own []string
	received                   atomic.Int64 // events
	answered                   atomic.Int64 // acknowledgements
	urls                       []string     // of the servers
	readers                    sync.WaitGroup
}

// browser has joined `/` over a WebSocket. It only counts.
type browser struct {
	conn *websocket.Conn
	id   string

	writing sync.Mutex // held while something is written, once it is read
}

func (b *browser) send(message []byte) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	return b.conn.WriteMessage(websocket.TextMessage, message)
}

// populate opens the browsers, and lets them into their rooms.
func populate(urls []string) (p *population, err error) {
	p = &population{urls: urls}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	here := 0 // browsers at the first server
	for i := range browserCount {
		b, err := openBrowser(urls[i%len(urls)])
		if err != nil {
			return p, err
		}
		p.browsers = append(p.browsers, b)
		rooms := []string{fmt.Sprintf("spread-%d", i/roomSize)}
		if i%roomSize == 0 {
			p.spread = append(p.spread, rooms[0])
		}
		if i < len(urls) {
			rooms = append(rooms, everywhere)
		}
		switch i % len(urls) {
		case 0:
			if local := fmt.Sprintf("here-%d", here/roomSize); here < browserCount/len(urls)/roomSize*roomSize {
				rooms = append(rooms, local)
				if here%roomSize == 0 {
					p.here = append(p.here, local)
				}
			}
			here++
			p.own = append(p.own, b.id)
		case len(urls) - 1:
			p.sockets = append(p.sockets, b.id)
		}
		for _, room := range rooms {
			if err := b.join(room); err != nil {
				return p, err
			}
		}
	}
	for _, b := range p.browsers {
		p.readers.Go(func() { b.read(p) })
	}
	return p, nil
}

// await waits for what browsers should have received.
func (p *population) await(ctx context.Context, want int64) error {
	err := until(ctx, "what was emitted arrives", func() bool { return p.received.Load() >= want })
	if got := p.received.Load(); err != nil || got > want {
		return fmt.Errorf("%d events arrived, not %d: %w", got, want, err)
	}
	return nil
}

func (p *population) close() {
	for _, b := range p.browsers {
		b.conn.Close()
	}
	p.readers.Wait()
}

// openBrowser opens a session and joins `/`.
func openBrowser(server string) (*browser, error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+u.Host+"/socket.io/?EIO=4&transport=websocket", nil) //nolint:bodyclose // the connection is what there is to close
	if err != nil {
		return nil, err
	}
	b := &browser{conn: conn}
	if err := b.open(); err != nil {
		conn.Close()
		return nil, fmt.Errorf("a browser: %w", err)
	}
	return b, nil
}

func (b *browser) open() error {
	_ = b.conn.SetReadDeadline(time.Now().Add(patience))
	if _, err := b.next("0"); err != nil {
		return err
	}
	if err := b.conn.WriteMessage(websocket.TextMessage, []byte("40")); err != nil {
		return err
	}
	text, err := b.next("40")
	if err != nil {
		return err
	}
	var connected struct {
		SID string `json:"sid"`
	}
	err = json.Unmarshal([]byte(text), &connected)
	b.id = connected.SID
	return err
}

// next reads up to a message of this kind, and returns what is behind it.
func (b *browser) next(kind string) (string, error) {
	for {
		_, message, err := b.conn.ReadMessage()
		if err != nil {
			return "", err
		}
		if text, ok := strings.CutPrefix(string(message), kind); ok {
			return text, nil
		}
	}
}

// join has the server let it into a room.
func (b *browser) join(room string) error {
	_ = b.conn.SetReadDeadline(time.Now().Add(patience))
	if err := b.conn.WriteMessage(websocket.TextMessage, []byte(`421["join","`+room+`"]`)); err != nil {
		return err
	}
	_, err := b.next("431")
	return err
}

// read counts events and acknowledgements, and answers heartbeats, until the connection ends.
func (b *browser) read(p *population) {
	_ = b.conn.SetReadDeadline(time.Time{})
	for {
		_, message, err := b.conn.ReadMessage()
		if err != nil {
			return
		}
		switch {
		case bytes.HasPrefix(message, []byte(`42["message",`)):
			p.received.Add(1)
		case bytes.HasPrefix(message, []byte("431[")):
			p.answered.Add(1)
		case string(message) == "2":
			if err := b.send([]byte("3")); err != nil {
				return
			}
		}
	}
}
