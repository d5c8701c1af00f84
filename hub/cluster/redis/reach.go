package redis

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/internal/sampledlog"
)

// reach is whether Redis can be reached, and what the log is told of it.
type reach struct {
	// set at construction
	life     *life
	engine   string           // its name
	line     *sampledlog.Line // for all that goes wrong with Redis
	up, down func()           // tell the mesh
	links    []*link          // what they are connected to may be gone too when Redis is

	telling sync.Mutex // held by tell, before the locks of roads and subscribers
}

// tell says whether Redis can be reached. What is asked here is still true when it is said: changes come from several
// goroutines, and the last word of the one that was first would stay otherwise.
func (r *reach) tell(reached func() bool) {
	r.telling.Lock()
	defer r.telling.Unlock()
	r.changed(reached())
}

// changed says whether Redis can be reached.
func (r *reach) changed(up bool) {
	if up {
		r.up()
		return
	}
	for _, l := range r.links {
		l.stale.Store(true)
	}
	r.down()
}

// refused says why there is no connection, or no subscription.
func (r *reach) refused(err error) {
	hint := ""
	switch text := err.Error(); {
	case strings.Contains(text, "WRONGPASS"), strings.Contains(text, "NOAUTH"):
		hint = "see cluster.username and cluster.password_file, and cluster.sentinel_username and cluster.sentinel_password_file for Sentinel"
	case strings.Contains(text, "NOPERM"):
		hint = "the user of cluster.username lacks rights: docs/cluster.md lists them"
	case strings.Contains(text, "x509: "):
		hint = "see cluster.engine_tls.ca and cluster.engine_tls.server_name"
	case strings.Contains(text, "tls: "):
		hint = "see the scheme of cluster.url and cluster.engine_tls.cert"
	}
	args := []any{"engine", r.engine, "error", err}
	if hint != "" {
		args = append(args, "hint", hint)
	}
	r.line.Warn("cluster: no connection to Redis", args...)
}

// unread is the error of what could not be read.
func (r *reach) unread(ctx context.Context, err error) error {
	switch cause := context.Cause(ctx); {
	case err == nil || errors.Is(err, redis.Nil):
		return nil
	case cause != nil:
		return cause
	}
	if r.life.ctx.Err() == nil {
		r.refused(err)
	}
	return cluster.ErrAway
}
