package recovery

import (
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/hub/cluster"
)

// Logs are the logs of one hub, with its epoch and the numbers of its own commands, which all of them share. All methods may be
// called at the same time.
type Logs struct {
	// set at construction
	config  *Config
	epoch   string
	sweeper sweeper

	bytes atomic.Int64  // of all that are open
	own   atomic.Uint64 // number of the last of this hub's own commands

	mu    sync.Mutex // guards the fields below; a leaf but for Log.mu
	open  map[*Log]struct{}
	drawn uint64 // the largest position of a log that was closed
}

func (all *Logs) init(config *Config) {
	all.config, all.epoch, all.open = config, random(epochBytes), make(map[*Log]struct{})
	all.sweeper.init(config, all.dropOld)
	// Beyond those of a former life of this hub.
	all.own.Store(uint64(time.Now().UnixMicro()))
}

// New returns an empty log. Its positions begin behind those of all logs that were closed, so that an offset of one
// that had the same name is before all that is in it. of is how far the engine's log has been applied.
func (all *Logs) New(of cluster.Position) *Log {
	all.mu.Lock()
	defer all.mu.Unlock()
	l := &Log{of: all, head: Point{At: all.drawn, Place: Place{Of: of, Own: all.own.Load()}}}
	all.open[l] = struct{}{}
	return l
}

// Drawn is the last number that Draw has returned.
func (all *Logs) Drawn() uint64 { return all.own.Load() }

// Draw is the number of one more of this hub's own commands.
func (all *Logs) Draw() uint64 { return all.own.Add(1) }

// AppendOffset appends a point as browsers see it. Nothing in it needs an escape in JSON. Where sessions are shared it has
// the place too:
//
//	<epoch>.<at>[.<major>-<minor>.<own>]
func (all *Logs) AppendOffset(buf []byte, p Point) []byte {
	buf = strconv.AppendUint(append(append(buf, all.epoch...), '.'), p.At, positionBase)
	if all.config.Hub == "" {
		return buf
	}
	return appendPlace(buf, p.Place)
}

// ParseOffset is the other way round. It reports false for what this hub has not written: each position has one text.
func (all *Logs) ParseOffset(text string) (at uint64, ok bool) {
	epoch, at, place, ok := parseOffset(text)
	if !ok || epoch != all.epoch || (place == nil) != (all.config.Hub == "") {
		return 0, false
	}
	return at, true
}

// shrinkBy is the part of the largest log that goes when all logs together are too large, so that they are not looked
// through for each entry.
const shrinkBy = 8

// reclaim keeps all logs together within their bound: the largest gives.
func (all *Logs) reclaim() {
	over := all.bytes.Load() - all.config.TotalBytes/2
	if over <= 0 {
		return
	}
	all.config.full(FullTotalBytes)
	all.mu.Lock()
	defer all.mu.Unlock()
	for over > 0 {
		var largest *Log
		var bytes int64
		for l := range all.open {
			if b := l.size(); b > bytes {
				largest, bytes = l, b
			}
		}
		if largest == nil || !largest.shrink(max(bytes/shrinkBy, 1)) {
			return
		}
		over = all.bytes.Load() - all.config.TotalBytes/2
	}
}

// dropOld drops the entries that are too old, and reports whether there are others.
func (all *Logs) dropOld() (more bool) {
	now := time.Now()
	all.mu.Lock()
	defer all.mu.Unlock()
	for l := range all.open {
		l.mu.Lock()
		l.dropOldLocked(now)
		l.mu.Unlock()
	}
	return all.bytes.Load() > 0
}
