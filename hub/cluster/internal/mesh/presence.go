package mesh

import (
	"sync"
	"time"
)

// presence is what this hub says of itself, and what it sees of that. It is safe for concurrent use.
type presence struct {
	mu          sync.Mutex // guards the fields below
	description []byte
	described   uint64 // counts describe
	wanted      bool   // it should be sent
	sentAt      time.Time
	beats       [8]beat // the last heartbeats
	lag         time.Duration
}

// beat is a heartbeat that has not come back yet.
type beat struct {
	number uint64
	at     time.Time
}

func (p *presence) describe(description []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.description, p.wanted = description, true
	p.described++
}

// want says that another hub does not have the description.
func (p *presence) want() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wanted = true
}

// number is that of the description.
func (p *presence) number() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.described
}

// due returns the description if it is to be sent now, and takes it for sent.
func (p *presence) due(now time.Time) (number uint64, description []byte, yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.wanted || p.described == 0 || now.Sub(p.sentAt) < describeEvery {
		return 0, nil, false
	}
	p.wanted, p.sentAt = false, now
	return p.described, p.description, true
}

// sent notes a heartbeat.
func (p *presence) sent(number uint64, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.beats[number%uint64(len(p.beats))] = beat{number: number, at: at}
}

// cameBack takes a heartbeat of this hub's own.
func (p *presence) cameBack(number uint64, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if b := &p.beats[number%uint64(len(p.beats))]; b.number == number && number != 0 {
		p.lag = max(now.Sub(b.at), 1)
		b.number = 0
	}
}

// took notes how long the engine takes.
func (p *presence) took(lag time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lag = max(lag, 1)
}

// roundTrip is how long the engine took last; zero: not known yet.
func (p *presence) roundTrip() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lag
}
