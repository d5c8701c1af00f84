package engineio

import (
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// compressor is one content coding with its idle writers.
type compressor struct {
	name string
	pool sync.Pool
}

// resetter is what gzip's and zlib's writers have in common.
type resetter interface {
	io.WriteCloser
	Reset(io.Writer)
}

// The codings that a polling answer may have, the better one first.
var compressors = []*compressor{
	{name: "gzip", pool: sync.Pool{New: func() any { return gzip.NewWriter(nil) }}},
	{name: "deflate", pool: sync.Pool{New: func() any { return zlib.NewWriter(nil) }}},
}

// choose picks the content coding for a polling answer of so many bytes.
func (c CompressionConfig) choose(r *http.Request, wanted bool, size int) *compressor {
	if !wanted || !*c.Enabled || size < c.Threshold {
		return nil
	}
	return negotiate(strings.Join(r.Header["Accept-Encoding"], ","))
}

// negotiate picks the coding for an Accept-Encoding header: the one with the highest quality, gzip
// before deflate. Nil means none.
func negotiate(accept string) *compressor {
	var best *compressor
	bestQuality := 0.0
	for _, c := range compressors {
		if q := quality(accept, c.name); q > bestQuality {
			best, bestQuality = c, q
		}
	}
	return best
}

// quality finds the weight that the header gives to a coding; a star stands for those not named.
func quality(accept, name string) float64 {
	star := 0.0
	for len(accept) > 0 {
		var item string
		item, accept, _ = strings.Cut(accept, ",")
		coding, params, _ := strings.Cut(item, ";")
		coding = strings.ToLower(strings.TrimSpace(coding))
		if coding != name && coding != "*" {
			continue
		}
		q := 1.0
		if key, value, ok := strings.Cut(params, "="); ok && strings.TrimSpace(key) == "q" {
			parsed, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil || !(parsed >= 0 && parsed <= 1) {
				parsed = 0
			}
			q = parsed
		}
		if coding == name {
			return q
		}
		star = q
	}
	return star
}

// compress appends the coded form of data to dst.
func (c *compressor) compress(dst *[]byte, data []byte) {
	w := c.pool.Get().(resetter)
	w.Reset(sliceWriter{dst})
	// Writing to memory does not fail.
	_, _ = w.Write(data)
	_ = w.Close()
	c.pool.Put(w)
}

type sliceWriter struct{ dst *[]byte }

func (w sliceWriter) Write(p []byte) (int, error) {
	*w.dst = append(*w.dst, p...)
	return len(p), nil
}
