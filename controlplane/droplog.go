package controlplane

import (
	"sync"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/trace"
)

// dropLines bounds the drops that wait for the janitor to write them to the log.
const dropLines = 256

// dropLog keeps drops until the janitor writes their debug lines: the dispatcher tells
// of a drop with its locks held, where nothing may be written.
type dropLog struct {
	mu      sync.Mutex // guards the fields below; a leaf
	lines   []dropLine
	omitted int
}

type dropLine struct {
	about subject
	kind  trace.Kind
	event string
	why   trace.Drop
}

// add keeps a drop, or counts it when too many wait.
func (l *dropLog) add(d *dispatch.Delivery, why trace.Drop) {
	line := dropLine{about: subjectOf(d), kind: kindNames[d.Kind], event: nameOfEvent(d), why: why}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lines) >= dropLines {
		l.omitted++
		return
	}
	l.lines = append(l.lines, line)
}

// debugDrops writes the drops of a group that wait.
func (l *debugLines) debugDrops(g *group) {
	g.dropLog.mu.Lock()
	lines, omitted := g.dropLog.lines, g.dropLog.omitted
	g.dropLog.lines, g.dropLog.omitted = nil, 0
	g.dropLog.mu.Unlock()
	for _, line := range lines {
		l.debugDrop(line, g.name)
	}
	if omitted > 0 {
		l.log.Debug("deliveries dropped", "group", g.name, "count", omitted)
	}
}

func (l *debugLines) debugDrop(line dropLine, group string) {
	l.log.Debug("delivery dropped", append(line.about.attrs(),
		"kind", string(line.kind), "event", line.event, "why", string(line.why), "group", group)...)
}
