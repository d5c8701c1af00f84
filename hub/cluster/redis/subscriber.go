package redis

import (
	"bufio"
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// pingEvery is how often a connection that only listens is asked whether it is there, and quietFor how long it may say
	// nothing.
	pingEvery = time.Second
	quietFor  = 3 * time.Second
	// backoffMin and backoffMax are what is waited between two attempts to connect.
	backoffMin = 50 * time.Millisecond
	backoffMax = time.Second
	// batchOfChannels is how many channels one command subscribes.
	batchOfChannels = 128
)

// listener subscribes to channels, as a subscriber does and the shards of a cluster.
type listener interface {
	want(channels ...string) (confirmed <-chan struct{})
	leave(channels ...string)
	reached() bool // everything that is wanted is subscribed
}

// subscriber is a connection that listens. It connects again for ever, and then subscribes anew.
//
// go-redis's own costs 3.3 µs a message, or drops what comes while its channel is full; this one 0.3 µs for a message that is
// for nobody here.
type subscriber struct {
	// set at construction
	dial     func(ctx context.Context) (net.Conn, error)
	reader   reader
	sharded  bool
	left     func(net.Conn) bool // the server is not that of the engine any more
	changed  func(up bool)       // up: everything that is wanted is subscribed
	refused  func(error)         // the server refused a subscription, or moved it
	received atomic.Int64        // counts replies
	waiting  atomic.Int64        // since when the reader waits for bytes, on clock; 0: it has some
	running  sync.WaitGroup      // pingers

	mu     sync.Mutex // guards the fields below
	wanted map[string]*subscription
	open   int      // of them that are not confirmed
	conn   net.Conn // nil: there is none
	up     bool
}

// subscription is one channel, or pattern.
type subscription struct {
	confirmed bool
	waiting   []chan struct{}
}

// run connects and listens until ctx ends.
func (s *subscriber) run(ctx context.Context) {
	backoff := backoffMin
	for ctx.Err() == nil {
		begun := time.Now()
		err := s.session(ctx)
		s.lost()
		if err != nil && ctx.Err() == nil {
			s.refused(err)
		}
		if time.Since(begun) > 2*quietFor {
			backoff = backoffMin
		}
		select {
		case <-ctx.Done():
		case <-time.After(backoff/2 + rand.N(backoff/2)):
		}
		backoff = min(2*backoff, backoffMax)
	}
}

// session is one connection.
func (s *subscriber) session(ctx context.Context) error {
	conn, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	r := s.reader
	r.in = bufio.NewReaderSize(waiter{conn, &s.waiting}, 64<<10)
	up, err := s.begin(conn)
	if err != nil {
		return err
	}
	if up {
		s.changed(true)
	}
	quit := make(chan struct{})
	defer close(quit)
	s.running.Go(func() { s.ping(conn, quit) })
	for {
		e, err := r.next()
		if err != nil {
			return err
		}
		s.received.Add(1)
		if e.kind != "" && e.kind != "pong" {
			up, err := s.confirm(e)
			if err != nil {
				return err
			}
			if up {
				s.changed(true)
			}
		}
	}
}

// clock counts from here on.
var clock = time.Now()

// waiter is a connection of which is known since when its reader waits. One that is busy with what has come does not wait.
type waiter struct {
	net.Conn
	since *atomic.Int64
}

func (w waiter) Read(p []byte) (int, error) {
	w.since.Store(int64(time.Since(clock)))
	defer w.since.Store(0)
	return w.Conn.Read(p)
}

// begin subscribes to all that is wanted. up: that is nothing.
func (s *subscriber) begin(conn net.Conn) (up bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn = conn
	channels := make([]string, 0, len(s.wanted))
	for c := range s.wanted {
		channels = append(channels, c)
	}
	s.up = len(channels) == 0
	return s.up, s.sendLocked("SUBSCRIBE", channels)
}

// sendLocked writes a command for these channels.
func (s *subscriber) sendLocked(command string, channels []string) error {
	var buf []byte
	var plain, patterns []string
	for _, c := range channels {
		if strings.HasSuffix(c, "*") && !s.sharded {
			patterns = append(patterns, c)
		} else {
			plain = append(plain, c)
		}
	}
	if s.sharded {
		// Each channel has a slot of its own, and one command takes channels of one slot alone.
		for _, c := range plain {
			buf = appendCommand(buf, "S"+command, c)
		}
		plain = nil
	}
	for prefix, list := range map[string][]string{"": plain, "P": patterns} {
		for len(list) > 0 {
			n := min(len(list), batchOfChannels)
			buf = appendCommand(buf, append([]string{prefix + command}, list[:n]...)...)
			list = list[n:]
		}
	}
	if len(buf) == 0 {
		return nil
	}
	_ = s.conn.SetWriteDeadline(time.Now().Add(quietFor))
	_, err := s.conn.Write(buf)
	return err
}

// ping closes the connection once nothing comes any more.
func (s *subscriber) ping(conn net.Conn, quit chan struct{}) {
	ticker := time.NewTicker(pingEvery)
	defer ticker.Stop()
	command := appendCommand(nil, "PING")
	for {
		select {
		case <-quit:
			return
		case <-ticker.C:
		}
		if since := s.waiting.Load(); since != 0 && time.Since(clock)-time.Duration(since) > quietFor {
			conn.Close()
			return
		}
		if s.left(conn) {
			conn.Close()
			return
		}
		s.mu.Lock()
		_ = conn.SetWriteDeadline(time.Now().Add(quietFor))
		_, err := conn.Write(command)
		s.mu.Unlock()
		if err != nil {
			conn.Close()
			return
		}
	}
}

var errMoved = errors.New("redis: a channel has moved to another node")

// confirm takes the server's word for a subscription. up: it was the last one that was wanted.
func (s *subscriber) confirm(e event) (up bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub := s.wanted[e.channel]
	if strings.HasSuffix(e.kind, "unsubscribe") {
		if sub != nil && sub.confirmed && s.sharded {
			return false, errMoved // nobody has asked for it
		}
		return false, nil
	}
	if sub == nil {
		return false, nil
	}
	if !sub.confirmed {
		sub.confirmed = true
		s.open--
	}
	for _, w := range sub.waiting {
		close(w)
	}
	sub.waiting = nil
	if s.open > 0 {
		return false, nil
	}
	up, s.up = !s.up, true
	return up, nil
}

// reached implements listener.
func (s *subscriber) reached() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.up
}

// lost says that nothing is subscribed any more.
func (s *subscriber) lost() {
	s.mu.Lock()
	was := s.up
	s.conn, s.up = nil, false
	for _, sub := range s.wanted {
		sub.confirmed = false
	}
	s.open = len(s.wanted)
	s.mu.Unlock()
	if was {
		s.changed(false)
	}
}

// want subscribes to channels. What it returns is closed once all of them are confirmed; nil: they are already.
func (s *subscriber) want(channels ...string) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	var added []string
	var last *subscription
	for _, c := range channels {
		sub := s.wanted[c]
		if sub == nil {
			sub = new(subscription)
			s.wanted[c] = sub
			s.open++
			added = append(added, c)
		}
		if !sub.confirmed {
			last = sub
		}
	}
	if len(added) > 0 && s.conn != nil {
		if err := s.sendLocked("SUBSCRIBE", added); err != nil {
			s.conn.Close() // the loop begins anew
		}
	}
	if last == nil {
		return nil
	}
	confirmed := make(chan struct{})
	last.waiting = append(last.waiting, confirmed)
	return confirmed
}

// leave ends subscriptions.
func (s *subscriber) leave(channels ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var left []string
	for _, c := range channels {
		if sub := s.wanted[c]; sub != nil {
			for _, w := range sub.waiting {
				close(w)
			}
			delete(s.wanted, c)
			if !sub.confirmed {
				s.open--
			}
			left = append(left, c)
		}
	}
	if len(left) > 0 && s.conn != nil {
		if err := s.sendLocked("UNSUBSCRIBE", left); err != nil {
			s.conn.Close()
		}
	}
}
