package main

import (
	"bytes"

	"github.com/gorilla/websocket"
)

// take answers the packets of hub/loadgen: 40, 421["echo","…"], 42["broadcast","…"],
// 421["join","…"] and 42["room","…","…"], with /bench/N, behind the first two digits
// where it is not the main namespace.
func (f *floor) take(c *conn, message []byte) {
	if len(message) < 2 {
		return // a pong
	}
	packet, namespace := message[2:], []byte(nil)
	if len(packet) > 0 && packet[0] == '/' {
		comma := bytes.IndexByte(packet, ',') + 1
		namespace, packet = packet[:comma], packet[comma:]
	}
	switch {
	case message[1] == '0':
		f.join(string(namespace), c)
		c.write(answer("40", namespace, `{"sid":"floor"}`, nil))
	case bytes.HasPrefix(packet, []byte(`1["echo",`)):
		c.write(answer("43", namespace, "1[", packet[len(`1["echo",`):]))
	case bytes.HasPrefix(packet, []byte(`["broadcast"`)):
		f.emit(string(namespace), message)
	case bytes.HasPrefix(packet, []byte(`1["join","`)):
		f.join(string(namespace)+string(bytes.Split(packet, []byte{'"'})[3]), c)
		c.write(answer("43", namespace, "1[]", nil))
	case bytes.HasPrefix(packet, []byte(`["room","`)):
		room, data, _ := bytes.Cut(packet[len(`["room","`):], []byte(`",`))
		f.emit(string(namespace)+string(room), answer("42", namespace, `["room",`, data))
	}
}

func answer(kind string, namespace []byte, head string, rest []byte) []byte {
	message := make([]byte, 0, len(kind)+len(namespace)+len(head)+len(rest))
	message = append(append(message, kind...), namespace...)
	return append(append(message, head...), rest...)
}

func (f *floor) emit(room string, message []byte) {
	prepared, err := websocket.NewPreparedMessage(websocket.TextMessage, message)
	if err != nil {
		return
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	for c := range f.rooms[room] {
		c.writePrepared(prepared)
	}
}
