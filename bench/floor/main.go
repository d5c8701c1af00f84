// Command floor is gorilla/websocket and nothing else: it knows hub/loadgen's
// packets by heart, has one goroutine for each connection, and whoever sends,
// writes. It parses nothing, bounds nothing and protects nobody from a slow reader.
// A server cannot be cheaper on this library; the question is by how much it is not.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"sync"

	"github.com/gorilla/websocket"
)

type conn struct {
	ws *websocket.Conn
	mu sync.Mutex // held while writing to ws
}

func (c *conn) write(message []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.ws.WriteMessage(websocket.TextMessage, message) // a dead one ends by its reader
}

func (c *conn) writePrepared(message *websocket.PreparedMessage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.ws.WritePreparedMessage(message)
}

// floor has the rooms; everybody is in the one without a name.
type floor struct {
	mu    sync.RWMutex
	rooms map[string]map[*conn]struct{}
}

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address for clients")
	flag.Parse()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	f := &floor{rooms: map[string]map[*conn]struct{}{}}
	upgrader := websocket.Upgrader{ReadBufferSize: 512, WriteBufferPool: &sync.Pool{}}
	fmt.Fprintf(os.Stderr, "ready browsers=http://%s/socket.io/\n", listener.Addr())
	log.Fatal(http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ws, err := upgrader.Upgrade(w, r, nil); err == nil {
			go f.serve(&conn{ws: ws})
		}
	})))
}

func (f *floor) serve(c *conn) {
	defer c.ws.Close()
	defer f.leave(c)
	c.write([]byte(`0{"sid":"floor","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`))
	for {
		_, message, err := c.ws.ReadMessage()
		if err != nil {
			return
		}
		f.take(c, message)
	}
}

// take answers the packets of hub/loadgen: 40, 421["echo","…"], 42["broadcast","…"],
// 421["join","…"] and 42["room","…","…"].
func (f *floor) take(c *conn, message []byte) {
	switch {
	case bytes.Equal(message, []byte("40")):
		f.join("", c)
		c.write([]byte(`40{"sid":"floor"}`))
	case bytes.HasPrefix(message, []byte(`421["echo",`)):
		c.write(append([]byte("431["), message[len(`421["echo",`):]...))
	case bytes.HasPrefix(message, []byte(`42["broadcast"`)):
		f.emit("", message)
	case bytes.HasPrefix(message, []byte(`421["join","`)):
		f.join(string(bytes.Split(message, []byte{'"'})[3]), c)
		c.write([]byte("431[]"))
	case bytes.HasPrefix(message, []byte(`42["room","`)):
		room, data, _ := bytes.Cut(message[len(`42["room","`):], []byte(`",`))
		f.emit(string(room), append([]byte(`42["room",`), data...))
	}
}

func (f *floor) join(room string, c *conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rooms[room] == nil {
		f.rooms[room] = map[*conn]struct{}{}
	}
	f.rooms[room][c] = struct{}{}
}

func (f *floor) leave(c *conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, members := range f.rooms {
		delete(members, c)
	}
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
