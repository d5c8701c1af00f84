package nats

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// JetStream is how a log is kept. It is the same at every hub.
type JetStream struct {
	// Enabled says that NewRecorder is to be used: commands go through a stream, so that nothing is lost while a hub is away, and
	// sessions are recovered at other hubs. Default: no. Key: cluster.jetstream.enabled.
	Enabled bool
	// Replicas is how many servers keep each stream. Default: 1; 1 to 5. Key: cluster.jetstream.replicas.
	Replicas int
	// MaxAge is how long what was published is kept, and how long a session is at most. Default: 5 min; 1 min to 24 h. Key:
	// cluster.jetstream.max_age.
	MaxAge time.Duration
	// MaxBytes is how many bytes of what was published are kept. Default: 256 MiB; at least 16 MiB. Key: cluster.jetstream.max_bytes.
	MaxBytes int64
}

func (j JetStream) withDefaults() JetStream {
	if j.Replicas == 0 {
		j.Replicas = 1
	}
	if j.MaxAge == 0 {
		j.MaxAge = defaultMaxAge
	}
	if j.MaxBytes == 0 {
		j.MaxBytes = defaultMaxBytes
	}
	return j
}

// validate names the key that cannot be.
func (j JetStream) validate() error {
	switch {
	case j.Replicas < 1 || j.Replicas > 5:
		return fmt.Errorf("cluster.jetstream.replicas: %d is not between 1 and 5", j.Replicas)
	case j.MaxAge < time.Minute || j.MaxAge > 24*time.Hour:
		return fmt.Errorf("cluster.jetstream.max_age: %v is not between 1m and 24h", j.MaxAge)
	case j.MaxBytes < 16<<20:
		return fmt.Errorf("cluster.jetstream.max_bytes: %d is less than 16MiB", j.MaxBytes)
	}
	return nil
}

const (
	defaultMaxAge   = 5 * time.Minute
	defaultMaxBytes = 256 << 20
	// requestTimeout bounds one request to JetStream.
	requestTimeout = 5 * time.Second
	// duplicates is how long JetStream knows what it has taken.
	duplicates = time.Minute
)

// Subjects of the log, and of sessions. No token of a namespace or a room is among them.
func (s subjects) log() string               { return s.prefix + ".log" }
func (s subjects) session(key string) string { return s.prefix + ".session." + sessionToken(key) }

// streamName is a stream's, in which points are not allowed.
func (s subjects) streamName(what string) string {
	return strings.ReplaceAll(s.prefix, ".", "--") + "-" + what
}

// logStream makes the stream of the log, unless it is there.
func (r *Recorder) logStream(ctx context.Context) (jetstream.Stream, error) {
	return r.stream(ctx, jetstream.StreamConfig{
		Name: r.subjects.streamName("log"), Description: "siohub: what hubs have published", Subjects: []string{r.subjects.log()},
		MaxAge: r.config.JetStream.MaxAge, MaxBytes: r.config.JetStream.MaxBytes, Duplicates: duplicates,
	})
}

// sessionStream makes that of sessions, of which there is one message for each.
func (r *Recorder) sessionStream(ctx context.Context) (jetstream.Stream, error) {
	if s := r.sessions.Load(); s != nil {
		return *s, nil
	}
	s, err := r.stream(ctx, jetstream.StreamConfig{
		Name: r.subjects.streamName("sessions"), Description: "siohub: sessions of browsers that are away", Subjects: []string{r.subjects.prefix + ".session.*"},
		MaxAge: r.config.JetStream.MaxAge, MaxBytes: r.config.JetStream.MaxBytes, MaxMsgsPerSubject: 1, Duplicates: duplicates,
	})
	if err == nil {
		r.sessions.Store(&s)
	}
	return s, err
}

// stream finds or makes a stream. What it keeps is changed to what is configured; another hub may do so at the same time.
func (r *Recorder) stream(ctx context.Context, c jetstream.StreamConfig) (jetstream.Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	c.Storage, c.Discard, c.Replicas = jetstream.FileStorage, jetstream.DiscardOld, r.config.JetStream.Replicas
	stream, err := r.js.Stream(ctx, c.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		stream, err = r.js.CreateStream(ctx, c)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			stream, err = r.js.Stream(ctx, c.Name)
		}
	}
	if err != nil {
		return nil, err
	}
	is := stream.CachedInfo().Config
	if is.MaxAge != c.MaxAge || is.MaxBytes != c.MaxBytes || is.Replicas != c.Replicas {
		is.MaxAge, is.MaxBytes, is.Replicas = c.MaxAge, c.MaxBytes, c.Replicas
		if _, err := r.js.UpdateStream(ctx, is); err != nil {
			r.line.Warn("cluster: a stream of NATS is not as it is configured", "stream", c.Name, "error", err)
		}
	}
	return stream, nil
}

// send has JetStream take a message. It is known by id if it comes again.
func (r *Recorder) send(ctx context.Context, m *nats.Msg, id string, options ...jetstream.PublishOpt) (sequence uint64, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	ack, err := r.js.PublishMsg(ctx, m, append(options, jetstream.WithMsgID(id), jetstream.WithRetryAttempts(0))...)
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}
