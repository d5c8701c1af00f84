// Command floor is gorilla/websocket and nothing else: it knows hub/loadgen's
// packets by heart, has one goroutine for each connection, and whoever sends,
// writes. It checks nothing, bounds nothing and protects nobody from a slow reader.
// A server cannot be cheaper on this library; the question is by how much it is not.
package main

import (
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
	// slot is when its heartbeat comes.
	slot int
	mu   sync.Mutex // held while writing to ws
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

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address for clients")
	flag.Parse()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	f := &floor{rooms: map[string]map[*conn]struct{}{}}
	go f.beat()
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
	f.arrive(c)
	c.write([]byte(`0{"sid":"floor","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`))
	for {
		_, message, err := c.ws.ReadMessage()
		if err != nil {
			return
		}
		f.take(c, message)
	}
}
