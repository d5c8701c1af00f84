package loadgen

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// transport carries one session. It answers heartbeats by itself.
type transport interface {
	// prepare gives a message the form in which send takes it, to be done once for a
	// message that is sent often.
	prepare(message []byte) []byte
	// send writes a prepared message. It may be called at the same time.
	send(prepared []byte) error
	// next reads a packet that is no heartbeat. The bytes are valid until the next call.
	next() ([]byte, error)
	// opened lifts the bound on the time that opening may take: the reader begins.
	opened()
	// leave ends the session as a closed tab does, so that the server's side of the
	// connection lingers and no port is used up here.
	leave() error
	// close drops it; a next that waits returns. It may be called at the same time.
	close()
}

// client is one browser: a session that has joined one namespace.
type client struct {
	transport
	// index is its number, from zero; namespace is its place in the list.
	index, namespace int
	// handle is called by the reader for each packet of the namespace, with its type and
	// what follows the namespace; the bytes are valid during the call. Set before the
	// reader starts.
	handle func(kind byte, body []byte)
	// ended is set when the session has ended.
	ended atomic.Bool
}

// stepTimeout is how long a server may take for each step of a connection's opening and
// end.
const stepTimeout = 30 * time.Second

var (
	errClosePacket = errors.New("close packet")
	errLeft        = errors.New("server namespace disconnect")
)

// dialer makes connections to one server.
type dialer struct {
	open       func(ctx context.Context) (transport, error)
	namespaces int
}

// namespace is the name of the i-th namespace.
func namespace(i, of int) string {
	if of <= 1 {
		return "/"
	}
	return "/bench/" + strconv.Itoa(i)
}

// dial opens a session and joins its namespace.
func (d *dialer) dial(ctx context.Context, index int) (*client, error) {
	w, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	c := &client{transport: w, index: index, namespace: index % d.namespaces, handle: func(byte, []byte) {}}
	stop := context.AfterFunc(ctx, w.close)
	defer stop()
	if err := c.join(namespace(c.namespace, d.namespaces)); err != nil {
		w.close()
		return nil, err
	}
	return c, nil
}

// join reads the open packet and exchanges CONNECT.
func (c *client) join(namespace string) error {
	packet, err := c.next()
	if err != nil {
		return err
	}
	if _, err := eiopacket.DecodeOpen(packet); err != nil {
		return err
	}
	if err := c.send(c.prepare(message(siopacket.Packet{Type: siopacket.Connect, Namespace: namespace}))); err != nil {
		return err
	}
	packet, err = c.next()
	if err != nil {
		return &undecidedError{namespace, err}
	}
	if !bytes.HasPrefix(packet, []byte("40")) {
		return fmt.Errorf("the server answered CONNECT to %s with %q", namespace, short(packet))
	}
	return nil
}

// read hands out packets until the session ends.
func (c *client) read() error {
	c.opened()
	for {
		packet, err := c.next()
		if err != nil {
			return err
		}
		kind, body, ok := split(packet)
		switch {
		case !ok:
		case kind == '1':
			return errLeft
		default:
			c.handle(kind, body)
		}
	}
}

// split parses a message: the type of its Socket.IO packet, and what follows
// the namespace. Anything else than a message, such as an attachment, is not ok.
func split(packet []byte) (kind byte, body []byte, ok bool) {
	if len(packet) < 2 || packet[0] != '4' {
		return 0, nil, false
	}
	kind, body = packet[1], packet[2:]
	if len(body) > 0 && body[0] == '/' {
		body = body[bytes.IndexByte(body, ',')+1:]
	}
	return kind, body, true
}

// maxPendingAcks is how many acks call waits for at a time: a server may bound what a
// browser has under way.
const maxPendingAcks = 32

// call sends an event with each of the arguments, and waits for all acks. Only
// before the reader has started.
func (c *client) call(namespace, name string, args []string) error {
	sent := 0
	for acked := 0; acked < len(args); {
		for ; sent < len(args) && sent < acked+maxPendingAcks; sent++ {
			if err := c.send(c.prepare(event(namespace, 1, name, args[sent]))); err != nil {
				return err
			}
		}
		packet, err := c.next()
		if err != nil {
			return err
		}
		if kind, _, ok := split(packet); ok && kind == '3' {
			acked++
		}
	}
	return nil
}

// event is a message with an EVENT in it. An id of zero asks for no ack; args are
// JSON without the brackets.
func event(namespace string, id uint64, name, args string) []byte {
	p := siopacket.Packet{Type: siopacket.Event, Namespace: namespace, Name: name, Payload: []byte("[" + args + "]")}
	if id != 0 {
		p.ID = siopacket.NewID(id)
	}
	return message(p)
}

func message(p siopacket.Packet) []byte {
	return siopacket.Append([]byte{byte(eiopacket.Message)}, p)
}

// short cuts what a server sent to the length of an error message.
func short(text []byte) []byte { return text[:min(len(text), 200)] }
