package config

import "fmt"

// The least that a part of the memory limit comes to: what every key with a part takes.
const leastPart = 1 << 20

// fit lowers a default that the process has no memory for.
func (l *Loaded) fit(k Key, memory int64) {
	if k.Share <= 0 || memory <= 0 {
		return
	}
	otherwise, _ := k.show(l.Config).(int64)
	part := max(memory/k.Share, leastPart)
	if part >= otherwise || k.read(int(part), l.Config) != nil {
		return
	}
	l.Source[k.Name] = fmt.Sprintf("the memory limit, 1/%d of %d", k.Share, memory)
}

// Held is the most bytes that all browsers and services together may make the hub hold beside their sessions, by the
// limits that bound that in sum. What is parked counts twice: beyond parking.node_bytes as much again may be added.
func (c *Config) Held() int64 {
	kept := int64(0)
	if c.Recovery.Enabled {
		kept = c.Recovery.TotalBytes
	}
	return kept + c.Limits.Outbox.TotalBytes + c.Limits.Unfinished.Bytes + 2*c.Limits.Undecided.Bytes + 2*c.Parking.NodeBytes +
		c.Control.Window.TotalBytes + c.Control.KeptBytes
}

// HeldDefault is the most that Held comes to by default with a memory limit of so many bytes: three quarters of it, and a
// sixteenth more where browsers may take up sessions.
func (c *Config) HeldDefault(memory int64) int64 {
	if c.Recovery.Enabled {
		return memory - memory*3/16
	}
	return memory - memory/4
}
