package rates

import "time"

// Pace is how many messages and bytes may come in a second, and by how much time one may be ahead. Zero is no limit.
type Pace struct {
	Messages, Bytes int64
	Ahead           time.Duration
}

// Cost is the time that so many messages and bytes are worth: of the two the one that is more. The time of
// messages alone is returned as well.
func (p Pace) Cost(messages, bytes int64) (cost, ofMessages time.Duration) {
	if p.Messages > 0 {
		ofMessages = time.Duration(float64(messages) * float64(time.Second) / float64(p.Messages))
	}
	if p.Bytes > 0 {
		cost = time.Duration(float64(bytes) * float64(time.Second) / float64(p.Bytes))
	}
	return max(cost, ofMessages), ofMessages
}

// Meter is until when what has come is worth, on the clock of whoever owns it. Its zero value has had nothing.
type Meter time.Duration

// Owe lets the next Add wait for so long at least, if it is more than nothing.
func (m *Meter) Owe(wait, now, ahead time.Duration) {
	if wait > 0 {
		*m = max(*m, Meter(now+ahead+wait))
	}
}

// Add adds a cost at the time now, and returns how long to wait before there is more.
func (m *Meter) Add(cost, now, ahead time.Duration) (wait time.Duration) {
	*m = max(*m, Meter(now)) + Meter(cost)
	return max(0, time.Duration(*m)-now-ahead)
}
