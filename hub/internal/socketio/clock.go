package socketio

import "time"

// clock is the time in which a client has to join its first namespace. It stands still while somebody has to
// decide whether it may. A nil one is over. Owned by the holder of the client's gate.
type clock struct {
	timer *time.Timer
	end   time.Time     // when the timer fires; valid while it runs
	left  time.Duration // valid while it stands still
	still bool
}

func newClock(d time.Duration, f func()) *clock {
	return &clock{timer: time.AfterFunc(d, f), end: time.Now().Add(d)}
}

// pause stops the clock. One that has run out meanwhile has nothing left.
func (k *clock) pause() {
	if k != nil && !k.still {
		k.timer.Stop()
		k.still, k.left = true, time.Until(k.end)
	}
}

// resume lets it go on.
func (k *clock) resume() {
	if k != nil && k.still {
		k.still, k.end = false, time.Now().Add(k.left)
		k.timer.Reset(k.left)
	}
}

// answered says that an attempt was refused: the connect timeout goes on when no other one is open.
func (c *client) answered() {
	if !c.seats.asking() && c.applicants.last == nil {
		c.clock.resume()
	}
}

// joined says that the connect timeout is over.
func (c *client) joined() {
	c.session.Joined()
	if c.clock != nil {
		c.clock.timer.Stop()
		c.clock = nil
	}
}

// joinedNothing runs in the gate when the connect timeout is over.
func (c *client) joinedNothing() {
	if c.clock == nil || c.clock.still || c.over {
		return
	}
	c.server.trace.badPacket("timeout", "joined no namespace in time")
	c.close(Disconnect{Reason: ReasonForcedServerClose, Detail: "joined no namespace in time"})
}
