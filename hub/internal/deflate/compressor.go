package deflate

import (
	"bytes"
	"sync"

	"github.com/klauspost/compress/flate"
)

// EncoderBytes is what one encoder holds while it is at work, whichever level and window it has.
const EncoderBytes = 3 << 19

// Compressor compresses messages, each by itself. It is safe for concurrent use.
type Compressor struct {
	level int
	pools [MaxWindowBits - MinWindowBits + 1]sync.Pool // of *encoder, by window
}

// NewCompressor returns one with this level, 1 (fastest) to 9 (smallest). A window smaller than the largest has a level of
// its own.
func NewCompressor(level int) *Compressor { return &Compressor{level: level} }

// encoder is a flate.Writer with where it writes to.
type encoder struct {
	flate *flate.Writer
	out   sliceWriter
}

// tail is what ends each compressed message and is left out.
//
// Spec: RFC 7692, 7.2.1.
var tail = []byte{0, 0, 0xff, 0xff}

// Append appends the compressed payload of a message to dst. windowBits is that of an Agreement, not zero.
func (c *Compressor) Append(dst, message []byte, windowBits int) []byte {
	pool := &c.pools[windowBits-MinWindowBits]
	e, ok := pool.Get().(*encoder)
	if !ok {
		e = c.newEncoder(windowBits)
	}
	e.out.data = dst
	e.flate.Reset(&e.out)
	// Writing to memory does not fail.
	_, _ = e.flate.Write(message)
	_ = e.flate.Flush()
	dst, e.out.data = bytes.TrimSuffix(e.out.data, tail), nil
	pool.Put(e)
	return dst
}

func (c *Compressor) newEncoder(windowBits int) *encoder {
	e := new(encoder)
	// Neither fails: level and window are within their bounds.
	if windowBits == MaxWindowBits {
		e.flate, _ = flate.NewWriter(&e.out, c.level)
	} else {
		e.flate, _ = flate.NewWriterWindow(&e.out, 1<<windowBits)
	}
	return e
}

// sliceWriter appends what is written.
type sliceWriter struct{ data []byte }

// Write implements io.Writer.
func (w *sliceWriter) Write(p []byte) (int, error) {
	w.data = append(w.data, p...)
	return len(p), nil
}
