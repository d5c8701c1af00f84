package services

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/net/http2"

	"github.com/siohub/siohub/test/hostile"
)

var (
	connectionEnds = hostile.Outcomes(hostile.Dropped, "goaway *")
	// refusedCall are the ends of a call that is not served.
	refusedCall = hostile.Outcomes("status *", "reset *", "http 4*", "goaway *", hostile.Dropped)
)

// strangerWireRows: other protocols on the services' port.
func strangerWireRows() []wireRow {
	var rows []wireRow
	for name, raw := range map[string]string{
		"HTTP/1.1": "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 POST of gRPC": "POST " + executePath + " HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\nContent-Length: 5\r\n\r\n\x00\x00\x00\x00\x00",
		"WebSocket opening": strings.ReplaceAll(hostile.Upgrading(hostile.WebSocketPath), "{host}", "a"), "TLS hello": "\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03" + strings.Repeat("\x42", 43), "SSH": "SSH-2.0-x\r\n" + strings.Repeat("x", 30), "Redis": "*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n",
		"preface cut off and junk": "PRI * HTTP/2.0\r\n\r\nSM\r\n\rX" + strings.Repeat("\x00", 20), "preface of HTTP/3.0": "PRI * HTTP/3.0\r\n\r\nSM\r\n\r\n", "NULs": strings.Repeat("\x00", 1000), "0xff": strings.Repeat("\xff", 1000), "an Engine.IO packet": strings.Repeat("40\x1e", 20),
		"preface twice": http2.ClientPreface + http2.ClientPreface, "preface and no SETTINGS but a PING": http2.ClientPreface + "\x00\x00\x08\x06\x00\x00\x00\x00\x0012345678", "preface and a frame of 16 MB": http2.ClientPreface + "\xff\xff\xff\x04\x00\x00\x00\x00\x00" + strings.Repeat("x", 100),
	} {
		rows = append(rows, wireRow{name: "stranger " + name, bare: true, allow: connectionEnds, do: func(c *h2) { c.Say([]byte(raw)); c.HangUp() }})
	}
	return rows
}

// pathWireRows: a method is served under its exact name alone.
func pathWireRows() []wireRow {
	var rows []wireRow
	unserved := hostile.Outcomes("status UNIMPLEMENTED", "reset *", "http 4*", "status INTERNAL")
	for _, path := range []string{
		strings.TrimPrefix(executePath, "/"), "/" + executePath, executePath + "/", executePath + "x", strings.ToLower(executePath), "/hub.v1.ControlService", "/hub.v1.ControlService/", "/hub.v1.ControlService/execute", "/hub.v1.ControlService/Execute?x", "/hub.v1.ControlService/../ControlService/Execute",
		"/hub.v1.controlservice/Execute", "/hub.v2.ControlService/Execute", "/.hub.v1.ControlService/Execute", "/x/hub.v1.ControlService/Execute", "/hub.v1.ControlService%2fExecute", "/hub.v1.ControlService/Execut%65", "/", "", "*", "x", "/\x00", "/hub.v1.ControlService/" + strings.Repeat("x", 4000),
		"/grpc.channelz.v1.Channelz/GetServers", "/debug/pprof/", "/metrics", "/socket.io/?EIO=4&transport=polling", "http://hub" + executePath, "/hub.v1.AttachService/", "/hub.v1.AttachService/Detach", "\\hub.v1.ControlService\\Execute", " " + executePath,
	} {
		rows = append(rows, wireRow{name: fmt.Sprintf("path %.60q", path), call: true, allow: unserved, do: func(c *h2) {
			c.headers(1, false, call(path)...)
			_ = c.framer.WriteData(1, true, message(nil))
		}})
	}
	return rows
}

// headWireRows: heads that are wrong or too much.
func headWireRows() []wireRow {
	var rows []wireRow
	add := func(name string, allow []hostile.Outcome, pairs ...string) {
		rows = append(rows, wireRow{name: "head " + name, call: true, allow: allow, do: func(c *h2) {
			c.headers(1, false, pairs...)
			_ = c.framer.WriteData(1, true, message(nil))
		}})
	}
	add("without a path", refusedCall, ":method", "POST", ":scheme", "http", ":authority", "hub", "content-type", "application/grpc", "te", "trailers")
	add("without a method", refusedCall, ":scheme", "http", ":path", executePath, ":authority", "hub", "content-type", "application/grpc", "te", "trailers")
	add("with GET", refusedCall, ":method", "GET", ":scheme", "http", ":path", executePath, ":authority", "hub", "content-type", "application/grpc", "te", "trailers")
	add("with two paths", refusedCall, append([]string{":path", "/x"}, call(executePath)...)...)
	add("with a pseudo header behind", refusedCall, call(executePath, ":x", "y")...)
	add("with an unknown pseudo header", refusedCall, append([]string{":x", "y"}, call(executePath)...)...)
	add("with an upper-case name", refusedCall, call(executePath, "X-Upper", "y")...)
	add("with Connection", refusedCall, call(executePath, "connection", "close")...)
	add("with Transfer-Encoding", refusedCall, call(executePath, "transfer-encoding", "chunked")...)
	add("with a line end in a value", refusedCall, call(executePath, "x", "a\r\nb: c")...)
	add("with NUL in a value", refusedCall, call(executePath, "x", "a\x00")...)
	add("with a time-out that is none", refusedCall, call(executePath, "grpc-timeout", "soon")...)
	add("with a time-out of 20 digits", refusedCall, call(executePath, "grpc-timeout", strings.Repeat("9", 20)+"H")...)
	add("with a time-out below zero", refusedCall, call(executePath, "grpc-timeout", "-1S")...)
	add("with an encoding that is none", refusedCall, call(executePath, "grpc-encoding", "bomb")...)
	add("with a binary header that is no base64", refusedCall, call(executePath, "x-bin", "!!!")...)
	add("with a token that is none", refusedCall, call(executePath, "authorization", "Bearer \xff\xfe")...)
	for _, t := range []string{"", "text/plain", "application/json", "application/grpc-web", "application/grpc+json", "application/grpcx", "application/x-www-form-urlencoded"} {
		add(fmt.Sprintf("with content type %q", t), refusedCall, ":method", "POST", ":scheme", "http", ":path", executePath, ":authority", "hub", "content-type", t, "te", "trailers")
	}
	tooMuch := hostile.Outcomes("status RESOURCE_EXHAUSTED", "status INTERNAL", "reset *", "goaway *", "http 431", hostile.Dropped)
	for _, n := range []int{17 << 10, 64 << 10, 1 << 20} {
		add(fmt.Sprintf("with metadata of %d KiB", n>>10), tooMuch, call(executePath, "x", strings.Repeat("v", n))...)
		add(fmt.Sprintf("with a name of %d KiB", n>>10), tooMuch, call(executePath, strings.Repeat("n", n), "v")...)
	}
	manyPairs := call(executePath)
	for i := range 5000 {
		manyPairs = append(manyPairs, fmt.Sprint("x", i), "v")
	}
	add("with 5000 headers", tooMuch, manyPairs...)
	return append(rows, blockWireRows()...)
}

// blockWireRows: header blocks that cannot be decoded, or never end.
func blockWireRows() []wireRow {
	bomb := func(c *h2) []byte { // one entry of 4000 bytes, then 30 000 references to it
		return append(c.block(call(executePath, "x", strings.Repeat("v", 4000))...), bytes.Repeat([]byte{0xbe}, 30_000)...)
	}
	rows := []wireRow{{name: "HPACK bomb", call: true, allow: append(hostile.Outcomes("status RESOURCE_EXHAUSTED", "status INTERNAL"), append(connectionEnds, "reset *")...), do: func(c *h2) { c.long(1, true, bomb(c)) }}}
	for name, block := range map[string][]byte{
		"an index of nothing": {0xff, 0xff, 0xff, 0x7f}, "an index of 0": {0x80}, "a length beyond the end": {0x40, 0x7f, 0xff, 0xff, 0x7f}, "bad Huffman": {0x40, 0x81, 0xff, 0x81, 0xff}, "a table of 4 GiB": {0x3f, 0xe1, 0xff, 0xff, 0xff, 0x0f}, "0xff": bytes.Repeat([]byte{0xff}, 100),
	} {
		rows = append(rows, wireRow{name: "HPACK with " + name, allow: connectionEnds, do: func(c *h2) { c.long(1, true, block) }})
	}
	ended := append(hostile.Outcomes(hostile.Open), connectionEnds...)
	return append(rows,
		wireRow{name: "CONTINUATION flood", allow: connectionEnds, do: func(c *h2) {
			_ = c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: c.block(call(executePath)...)})
			piece := c.block("x", strings.Repeat("v", 1000))
			for range 20_000 {
				if c.framer.WriteContinuation(1, false, piece) != nil {
					return
				}
			}
		}},
		wireRow{name: "CONTINUATION flood of nothing", allow: append(connectionEnds, hostile.Hang), do: func(c *h2) {
			_ = c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: c.block(call(executePath)...)})
			for range 50_000 {
				if c.framer.WriteContinuation(1, false, nil) != nil {
					return
				}
			}
			_ = c.framer.WritePing(false, sentinel) // in the middle of a block
		}},
		wireRow{name: "CONTINUATION without HEADERS", allow: connectionEnds, do: func(c *h2) { _ = c.framer.WriteContinuation(1, true, nil) }},
		wireRow{name: "CONTINUATION of another stream", allow: connectionEnds, do: func(c *h2) {
			_ = c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: c.block(call(executePath)...)})
			_ = c.framer.WriteContinuation(3, true, nil)
		}},
		wireRow{name: "another frame within a block", allow: connectionEnds, do: func(c *h2) {
			_ = c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: c.block(call(executePath)...)})
			_ = c.framer.WriteData(1, true, nil)
		}},
		wireRow{name: "HEADERS cut off by the end", allow: ended, do: func(c *h2) {
			_ = c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: c.block(call(executePath)...)})
			c.HangUp()
		}})
}

// floodWireRows: much of what is cheap to send.
func floodWireRows() []wireRow {
	ended := append(hostile.Outcomes(hostile.Open), connectionEnds...)
	flood := func(name string, n int, allow []hostile.Outcome, f func(c *h2, i int) error) wireRow {
		return wireRow{name: fmt.Sprintf("%d %s", n, name), allow: allow, do: func(c *h2) {
			for i := range n {
				if f(c, i) != nil {
					return
				}
			}
		}}
	}
	return []wireRow{
		flood("streams reset at once", 5000, ended, func(c *h2, i int) error {
			id := uint32(2*i + 1)
			c.headers(id, false, call(attachPath)...)
			return c.framer.WriteRSTStream(id, http2.ErrCodeCancel)
		}),
		flood("calls reset at once", 5000, ended, func(c *h2, i int) error {
			id := uint32(2*i + 1)
			c.headers(id, false, call(executePath)...)
			_ = c.framer.WriteData(id, true, message(nil))
			return c.framer.WriteRSTStream(id, http2.ErrCodeCancel)
		}),
		flood("streams that stay open", 200, ended, func(c *h2, i int) error {
			c.headers(uint32(2*i+1), false, call(attachPath)...)
			return nil
		}),
		flood("pings", 20_000, ended, func(c *h2, i int) error { return c.framer.WritePing(false, [8]byte{byte(i)}) }),
		flood("unasked ping answers", 20_000, ended, func(c *h2, i int) error { return c.framer.WritePing(true, [8]byte{byte(i)}) }),
		flood("SETTINGS", 20_000, ended, func(c *h2, i int) error {
			return c.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: uint32(i)})
		}),
		flood("unasked SETTINGS answers", 20_000, ended, func(c *h2, _ int) error { return c.framer.WriteSettingsAck() }),
		flood("window updates", 20_000, ended, func(c *h2, _ int) error { return c.framer.WriteWindowUpdate(0, 1) }),
		flood("priorities", 20_000, ended, func(c *h2, i int) error { return c.framer.WritePriority(uint32(2*i+1), http2.PriorityParam{Weight: 1}) }),
		flood("frames of an unknown type", 20_000, ended, func(c *h2, _ int) error { return c.framer.WriteRawFrame(0xbb, 0, 0, []byte("x")) }),
		flood("empty DATA frames", 20_000, ended, func(c *h2, i int) error {
			if i == 0 {
				c.headers(1, false, call(attachPath)...)
			}
			return c.framer.WriteData(1, false, nil)
		}),
		flood("frames of padding", 100, ended, func(c *h2, i int) error {
			if i == 0 {
				c.headers(1, false, call(attachPath)...)
			}
			return c.framer.WriteDataPadded(1, false, nil, make([]byte, 255))
		}),
	}
}

// frameWireRows: frames that stand where they must not.
func frameWireRows() []wireRow {
	var rows []wireRow
	ended := append(hostile.Outcomes(hostile.Open), connectionEnds...)
	raw := func(name string, t http2.FrameType, flags http2.Flags, stream uint32, payload []byte) {
		rows = append(rows, wireRow{name: "frame: " + name, allow: ended, do: func(c *h2) { _ = c.framer.WriteRawFrame(t, flags, stream, payload) }},
			wireRow{name: "frame in a stream: " + name, allow: ended, do: func(c *h2) {
				c.headers(1, false, call(attachPath)...)
				_ = c.framer.WriteRawFrame(t, flags, stream, payload)
			}})
	}
	four := func(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
	raw("DATA on stream 0", http2.FrameData, 0, 0, []byte("x"))
	raw("DATA on an idle stream", http2.FrameData, 0, 99, []byte("x"))
	raw("HEADERS on stream 0", http2.FrameHeaders, http2.FlagHeadersEndHeaders, 0, nil)
	raw("HEADERS on an even stream", http2.FrameHeaders, http2.FlagHeadersEndHeaders, 2, nil)
	raw("reset of stream 0", http2.FrameRSTStream, 0, 0, four(8))
	raw("reset of an idle stream", http2.FrameRSTStream, 0, 99, four(8))
	raw("reset of three bytes", http2.FrameRSTStream, 0, 1, []byte("xxx"))
	raw("SETTINGS on a stream", http2.FrameSettings, 0, 1, nil)
	raw("SETTINGS of five bytes", http2.FrameSettings, 0, 0, []byte("xxxxx"))
	raw("SETTINGS with a window of 2^31", http2.FrameSettings, 0, 0, append([]byte{0, 4}, four(1<<31)...))
	raw("SETTINGS with frames of 1", http2.FrameSettings, 0, 0, append([]byte{0, 5}, four(1)...))
	raw("SETTINGS with a table of 4 GiB", http2.FrameSettings, 0, 0, append([]byte{0, 1}, four(1<<32-1)...))
	raw("SETTINGS answer with a body", http2.FrameSettings, http2.FlagSettingsAck, 0, append([]byte{0, 4}, four(1)...))
	raw("PUSH_PROMISE", http2.FramePushPromise, http2.FlagPushPromiseEndHeaders, 1, four(2))
	raw("PING of seven bytes", http2.FramePing, 0, 0, []byte("7654321"))
	raw("PING on a stream", http2.FramePing, 0, 1, []byte("87654321"))
	raw("GOAWAY", http2.FrameGoAway, 0, 0, make([]byte, 8))
	raw("GOAWAY cut off", http2.FrameGoAway, 0, 0, make([]byte, 3))
	raw("window update of 0", http2.FrameWindowUpdate, 0, 0, four(0))
	raw("window update of 2^31-1", http2.FrameWindowUpdate, 0, 0, four(1<<31-1))
	raw("window update of a stream beyond all", http2.FrameWindowUpdate, 0, 1, four(1<<31-1))
	raw("window update of an idle stream", http2.FrameWindowUpdate, 0, 99, four(1))
	raw("window update of three bytes", http2.FrameWindowUpdate, 0, 0, []byte("xxx"))
	raw("priority of itself", http2.FramePriority, 0, 1, append(four(1), 1))
	raw("priority of four bytes", http2.FramePriority, 0, 1, four(1))
	raw("padding longer than the frame", http2.FrameData, http2.FlagDataPadded, 1, []byte{200, 1})
	raw("DATA over the frame limit", http2.FrameData, 0, 1, make([]byte, 20_000))
	raw("every flag", http2.FrameHeaders, 0xff, 1, []byte("\xff\xff"))
	return append(rows, streamWireRows(ended)...)
}

// streamWireRows: frames that are fine by themselves, and not after what was said before.
func streamWireRows(ended []hostile.Outcome) []wireRow {
	return []wireRow{
		{name: "stream numbers going back", allow: ended, do: func(c *h2) {
			c.headers(9, false, call(attachPath)...)
			c.headers(3, false, call(attachPath)...)
		}},
		{name: "stream of 2^31-1", allow: ended, do: func(c *h2) { c.headers(1<<31-1, false, call(attachPath)...) }},
		{name: "HEADERS twice", allow: ended, do: func(c *h2) {
			c.headers(1, false, call(attachPath)...)
			c.headers(1, false, call(attachPath)...)
		}},
		{name: "DATA after the end", allow: ended, do: func(c *h2) {
			c.headers(1, true, call(attachPath)...)
			_ = c.framer.WriteData(1, false, []byte("x"))
		}},
		{name: "more DATA than the window", allow: ended, do: func(c *h2) {
			c.headers(1, false, call(attachPath)...)
			for range 100 {
				if c.framer.WriteData(1, false, make([]byte, 16_000)) != nil {
					return
				}
			}
		}},
	}
}

// messageWireRows: gRPC's own framing of messages.
func messageWireRows() []wireRow {
	var rows []wireRow
	for name, body := range map[string]string{
		"of 4 GiB announced": "\x00\xff\xff\xff\xffx", "of 2 GiB announced": "\x00\x80\x00\x00\x00x", "over the limit announced": "\x00\x00\x50\x00\x00x", "compressed with nothing": "\x01\x00\x00\x00\x01x", "with flag 2": "\x02\x00\x00\x00\x01x", "with flag 255": "\xff\x00\x00\x00\x00",
		"cut off in its head": "\x00\x00\x00", "cut off": "\x00\x00\x00\x00\x64xxx", "missing": "", "with another behind": "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "with junk behind": "\x00\x00\x00\x00\x00junk", "that is no protobuf": "\x00\x00\x00\x00\x03\xff\xff\xff", "of JSON": "\x00\x00\x00\x00\x02{}",
	} {
		for method, path := range map[string]string{"Execute": executePath, "Attach": attachPath} {
			rows = append(rows, wireRow{name: "message " + name + " to " + method, call: true, allow: refusedCall, do: func(c *h2) {
				c.headers(1, false, call(path)...)
				_ = c.framer.WriteData(1, true, []byte(body))
			}})
		}
	}
	return rows
}
