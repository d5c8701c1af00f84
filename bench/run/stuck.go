package main

import (
	"fmt"
	"net"
	"net/url"
	"syscall"

	"github.com/gorilla/websocket"
)

// stuck opens a connection that joins `/` and then reads nothing. Small segments and
// a small buffer keep the kernel from taking megabytes for it, so that the server
// soon notices.
func stuck(server string) (net.Conn, error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_MAXSEG, 536)
			_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096)
		})
	}}
	ws := websocket.Dialer{NetDialContext: dialer.DialContext}
	conn, _, err := ws.Dial("ws://"+u.Host+"/socket.io/?EIO=4&transport=websocket", nil) //nolint:bodyclose // the connection is what there is to close
	if err != nil {
		return nil, err
	}
	for _, want := range []string{"0", "40"} {
		if want == "40" {
			err = conn.WriteMessage(websocket.TextMessage, []byte(want))
		}
		if err == nil {
			_, _, err = conn.ReadMessage()
		}
		if err != nil {
			conn.Close()
			return nil, fmt.Errorf("a browser that will read nothing: %w", err)
		}
	}
	return conn.NetConn(), nil
}
