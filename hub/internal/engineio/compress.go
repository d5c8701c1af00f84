package engineio

import (
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"

	"github.com/siohub/siohub/hub/internal/deflate"
	"github.com/siohub/siohub/hub/internal/option"
	"github.com/siohub/siohub/hub/internal/request"
	"github.com/siohub/siohub/hub/internal/wsframe"
	"github.com/siohub/siohub/internal/sampledlog"
)

// coders compress what is sent: polling answers, and messages of WebSockets. Each is at work for no longer than its answer
// or message, no connection owns one, and at most Limits.Compressors are at work at the same time: what finds none free
// leaves as it is. They are safe for concurrent use.
type coders struct {
	// Set at construction.
	most     int64
	answers  CompressionConfig
	pools    map[string]*sync.Pool // idle writers, of resetter, by content coding
	messages *deflate.Compressor
	trace    *Trace
	crowded  *sampledlog.Line

	working atomic.Int64
}

// resetter is what gzip's and zlib's writers have in common.
type resetter interface {
	io.WriteCloser
	Reset(io.Writer)
}

// newCoders returns a server's.
func newCoders(c *Config, trace *Trace, log *slog.Logger) *coders {
	level := c.HTTPCompression.Level
	return &coders{
		most: int64(c.Limits.Compressors), answers: c.HTTPCompression, messages: deflate.NewCompressor(c.PerMessageDeflate.Level),
		pools: map[string]*sync.Pool{
			"gzip":    {New: func() any { w, _ := gzip.NewWriterLevel(nil, level); return w }},
			"deflate": {New: func() any { w, _ := zlib.NewWriterLevel(nil, level); return w }},
		},
		trace: trace, crowded: sampledlog.New(log, sampledlog.Second),
	}
}

// begin takes one of the coders. False: none is free.
func (c *coders) begin() bool {
	if c.working.Add(1) <= c.most {
		return true
	}
	c.end()
	c.trace.limitReached(option.Compressors.Key)
	c.crowded.Warn("messages leave uncompressed: as many are being compressed as may be at the same time", "option", option.Compressors.Key)
	return false
}

// end gives it back.
func (c *coders) end() { c.working.Add(-1) }

// answer appends the coded form of a polling answer to dst and names the coding. An answer of which no packet is to be
// compressed, or that is small, or for which no coder is free, has none: "".
func (c *coders) answer(r *http.Request, dst *[]byte, body []byte, wanted bool) (name string) {
	if !wanted || !*c.answers.Enabled || len(body) < c.answers.Threshold {
		return ""
	}
	name = request.Encoding(r.Header["Accept-Encoding"], "gzip", "deflate")
	if name == "" || !c.begin() {
		return ""
	}
	defer c.end()
	pool := c.pools[name]
	w := pool.Get().(resetter)
	w.Reset(sliceWriter{dst})
	// Writing to memory does not fail.
	_, _ = w.Write(body)
	_ = w.Close()
	pool.Put(w)
	return name
}

type sliceWriter struct{ dst *[]byte }

// Write implements io.Writer.
func (w sliceWriter) Write(p []byte) (int, error) {
	*w.dst = append(*w.dst, p...)
	return len(p), nil
}

// compressedForms are the compressed frames of a message that many sessions send, one for each window that browsers have
// agreed on.
type compressedForms struct {
	mu     sync.Mutex // guards frames, and is held while one is made: who wants the same one waits for it
	frames []compressedForm
}

type compressedForm struct {
	windowBits int
	frame      []byte // nil: it would not be smaller
}

// frame is the compressed frame of a message; data is what it carries, and asItIs says that they are the message's own. Nil:
// it leaves uncompressed.
func (c *coders) frame(m *Message, opcode byte, data []byte, asItIs bool, windowBits int) []byte {
	f := m.shareable()
	if f == nil || !asItIs {
		frame, _ := c.newFrame(opcode, data, windowBits)
		return frame
	}
	f.compressed.mu.Lock()
	defer f.compressed.mu.Unlock()
	for _, known := range f.compressed.frames {
		if known.windowBits == windowBits {
			return known.frame
		}
	}
	frame, ok := c.newFrame(opcode, data, windowBits)
	if ok {
		f.compressed.frames = append(f.compressed.frames, compressedForm{windowBits, frame})
	}
	return frame
}

// newFrame compresses a message. False: no coder was free.
//
// Spec: RFC 7692, 6.
func (c *coders) newFrame(opcode byte, data []byte, windowBits int) (frame []byte, ok bool) {
	if !c.begin() {
		return nil, false
	}
	defer c.end()
	buf := buffers.get()
	defer buffers.put(buf)
	if *buf = c.messages.Append(*buf, data, windowBits); len(*buf) >= len(data) {
		return nil, true
	}
	head := wsframe.HeaderLen(len(*buf))
	frame = make([]byte, head, head+len(*buf))
	wsframe.PutHeader(frame, opcode|wsframe.CompressedBit, len(*buf))
	return append(frame, *buf...), true
}
