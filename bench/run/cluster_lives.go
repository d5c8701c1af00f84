package main

import (
	"context"
	"fmt"
	"time"
)

// comparedOperations are measured where hubs are compared with each other. Those with browsers are begun by these.
var comparedOperations = []operation{
	{id: "own", title: "emit to a socket by its id, at the first", op: "sockets", rate: 2000, targets: func(p *population) []string { return p.own }, deliveries: 1},
	{id: "echo", title: "echo: an event of a browser that is answered", rate: 2000, browsers: (*population).echo},
	{id: "connect", title: "a browser comes, and its connection breaks", rate: 100, browsers: (*population).comeAndGo},
}

// lagging is for what hubs do of it a moment later.
const lagging = 500 * time.Millisecond

func operationsOf(o options) []operation {
	if len(o.hubs) == 0 {
		return operations
	}
	return append(operations[:len(operations):len(operations)], comparedOperations...)
}

// paced does something at the rate of an order, in ticks of a millisecond, and returns how often that failed.
func (o order) paced(do func(i int) error) (failed int64) {
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for begun, from := 0, time.Now(); begun < o.Count; <-ticker.C {
		for due := min(o.Count, int(time.Since(from).Seconds()*o.Rate)); begun < due; begun++ {
			if do(begun) != nil {
				failed++
			}
		}
	}
	return failed
}

// echo has browsers send in turn, and waits for all answers.
func (p *population) echo(o order) int64 {
	message := fmt.Appendf(nil, `421["echo",%q]`, o.Data)
	want := p.answered.Load() + int64(o.Count)
	failed := o.paced(func(i int) error { return p.browsers[i%len(p.browsers)].send(message) })
	if until(context.Background(), "echoes come back", func() bool { return p.answered.Load() >= want-failed }) != nil {
		return want - p.answered.Load()
	}
	return failed
}

// comeAndGo has a browser join, at each server in turn, and closes its connection without a word.
func (p *population) comeAndGo(o order) int64 {
	return o.paced(func(i int) error {
		b, err := openBrowser(p.urls[i%len(p.urls)])
		if err != nil {
			return err
		}
		return b.conn.UnderlyingConn().Close()
	})
}
