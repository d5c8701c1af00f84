package services

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/test/hostile"
)

// h2 is an HTTP/2 connection to the services' port, frame by frame. Its writer
// goroutine is the caller; frames are read by heard.
type h2 struct {
	*hostile.Wire
	framer  *http2.Framer
	head    bytes.Buffer
	encoder *hpack.Encoder
	decoder *hpack.Decoder
}

const (
	executePath = hubv1.ControlService_Execute_FullMethodName
	attachPath  = hubv1.AttachService_Attach_FullMethodName
)

// newH2 opens a connection; with settings it says the preface and SETTINGS first.
func newH2(p *hostile.Probe, settings bool) *h2 {
	if p.Target.Control == "" {
		panic("no control address")
	}
	c := &h2{Wire: p.DialTo(p.Target.Control)}
	c.framer = http2.NewFramer(c.Wire, c.In)
	c.framer.AllowIllegalWrites, c.framer.AllowIllegalReads = true, true
	c.encoder = hpack.NewEncoder(&c.head)
	c.decoder = hpack.NewDecoder(4096, nil)
	if settings {
		c.Say([]byte(http2.ClientPreface))
		_ = c.framer.WriteSettings()
	}
	return c
}

// call is the head of a good call, changed and extended by pairs.
func call(path string, pairs ...string) []string {
	return append([]string{":method", "POST", ":scheme", "http", ":path", path, ":authority", "hub", "content-type", "application/grpc", "te", "trailers"}, pairs...)
}

// block encodes a header block. A pair with an empty name is left out.
func (c *h2) block(pairs ...string) []byte {
	c.head.Reset()
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] != "" {
			_ = c.encoder.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]})
		}
	}
	return bytes.Clone(c.head.Bytes())
}

// headers opens a stream.
func (c *h2) headers(stream uint32, end bool, pairs ...string) {
	c.long(stream, end, c.block(pairs...))
}

// long sends a header block of any length, in CONTINUATION frames where it has to.
func (c *h2) long(stream uint32, end bool, block []byte) {
	first := block[:min(len(block), 16_000)]
	rest := block[len(first):]
	_ = c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: first, EndStream: end, EndHeaders: len(rest) == 0})
	for len(rest) > 0 {
		first = rest[:min(len(rest), 16_000)]
		rest = rest[len(first):]
		if err := c.framer.WriteContinuation(stream, len(rest) == 0, first); err != nil {
			return
		}
	}
}

// message frames a gRPC message.
func message(b []byte) []byte {
	return append([]byte{0, byte(len(b) >> 24), byte(len(b) >> 16), byte(len(b) >> 8), byte(len(b))}, b...)
}

// sentinel is the ping that proves that a connection goes on.
var sentinel = [8]byte{'h', 'o', 's', 't', 'i', 'l', 'e', '!'}

// heard reads up to what decides: GOAWAY, the end, the reset or the status of a
// stream, or the answer to a ping that stands behind everything. With call only
// the call's end counts, not the ping.
func (c *h2) heard(call bool) hostile.Outcome {
	if !call {
		_ = c.framer.WritePing(false, sentinel)
	}
	for {
		f, err := c.framer.ReadFrame()
		if err != nil {
			if hostile.IsTimeout(err) {
				return hostile.Hang
			}
			return hostile.Dropped
		}
		switch f := f.(type) {
		case *http2.GoAwayFrame:
			if f.ErrCode != http2.ErrCodeNo {
				return hostile.Outcome("goaway " + f.ErrCode.String())
			}
			return hostile.Dropped
		case *http2.RSTStreamFrame:
			if call {
				return hostile.Outcome("reset " + f.ErrCode.String())
			}
		case *http2.SettingsFrame:
			if !f.IsAck() {
				_ = c.framer.WriteSettingsAck()
			}
		case *http2.PingFrame:
			if f.IsAck() && f.Data == sentinel {
				return hostile.Open
			}
		case *http2.HeadersFrame:
			if got := c.status(f); call && got != "" {
				return got
			}
		}
	}
}

// status names the gRPC status of a header block, or its HTTP status when it ends
// the stream without one.
func (c *h2) status(f *http2.HeadersFrame) hostile.Outcome {
	fields, err := c.decoder.DecodeFull(f.HeaderBlockFragment())
	if err != nil {
		return "an undecodable answer"
	}
	var http string
	for _, field := range fields {
		switch field.Name {
		case "grpc-status":
			return hostile.Outcome("status " + strings.TrimPrefix(hubv1.Code(number(field.Value)).String(), "CODE_"))
		case ":status":
			http = field.Value
		}
	}
	if f.StreamEnded() {
		return hostile.Outcome("http " + http)
	}
	return ""
}

func number(s string) int32 {
	var n int32
	_, _ = fmt.Sscan(s, &n)
	return n
}

// wireRow is what is done on a connection.
type wireRow struct {
	name string
	do   func(*h2)
	// bare leaves preface and SETTINGS out.
	bare bool
	// call waits for the end of a call, instead of a ping's answer.
	call  bool
	allow []hostile.Outcome
	slow  bool
}

func (r wireRow) attack(p *hostile.Probe) hostile.Outcome {
	c := newH2(p, !r.bare)
	r.do(c)
	return c.heard(r.call)
}

func grpcWireInputs() []hostile.Input {
	var all []hostile.Input
	for _, make := range []func() []wireRow{strangerWireRows, pathWireRows, headWireRows, floodWireRows, frameWireRows, messageWireRows, unreadWireRows} {
		for _, r := range make() {
			all = append(all, hostile.Input{Kind: "grpcwire", Name: r.name, Attack: r.attack, Allow: r.allow, Slow: r.slow})
		}
	}
	return all
}
