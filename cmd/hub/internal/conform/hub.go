package conform

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// Hub is a hub that a case plays: a control listener on the loopback interface.
type Hub struct {
	hubv1.UnimplementedAttachServiceServer
	hubv1.UnimplementedControlServiceServer

	t       *T
	ID      string
	Address string
	gate    *gate
	server  *grpc.Server

	// Guarded by t.mu.
	streams []*Stream // in the order of arrival
	taken   int       // that next has given out
	// refuse gives the error of a call at its beginning; nil lets all in.
	refuse func(token string) error
	// answer gives the results of a command; nil keeps it open. Without it everything is OK.
	answer func(a *Asked) []*hubv1.Result
	unary  []*hubv1.Command // that came by ControlService
	tokens []string         // of all calls
	// Of the welcomes.
	heartbeat     time.Duration
	commandWindow uint32
	hubs          []*hubv1.HubInfo
}

var hubNumber atomic.Int64

// hardEnd is how large an envelope may be before gRPC refuses it, as at the hub.
const hardEnd = 16 << 20

// Hub begins a hub.
func (t *T) Hub() *Hub { return t.hub(nil) }

// hub begins one with TLS, unless the configuration is nil.
func (t *T) hub(secure *tls.Config) *Hub {
	h := &Hub{t: t, ID: fmt.Sprintf("hub-%d", hubNumber.Add(1)), heartbeat: 5 * time.Second, commandWindow: 1024}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.fail("", "a listener on the loopback interface", "%v", err)
	}
	h.Address, h.gate = l.Addr().String(), &gate{Listener: l, conns: map[net.Conn]bool{}}
	options := []grpc.ServerOption{grpc.MaxRecvMsgSize(hardEnd), grpc.MaxSendMsgSize(64 << 20)}
	if secure != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(secure)))
	}
	h.server = grpc.NewServer(options...)
	hubv1.RegisterAttachServiceServer(h.server, h)
	hubv1.RegisterControlServiceServer(h.server, h)
	served := make(chan struct{})
	go func() { defer close(served); _ = h.server.Serve(h.gate) }()
	t.Cleanup(func() {
		h.server.Stop()
		<-served
	})
	return h
}

// Again is another hub process at the same address: the streams of this one end.
func (h *Hub) Again() {
	h.t.locked(func() { h.ID = fmt.Sprintf("hub-%d", hubNumber.Add(1)) })
	h.gate.cut()
}

// info is how hubs tell of this one.
func (h *Hub) info() *hubv1.HubInfo { return &hubv1.HubInfo{Id: h.ID, ControlAddress: h.Address} }

// Away breaks all connections and takes none.
func (h *Hub) Away() {
	h.gate.refuses.Store(true)
	h.gate.cut()
}

// Back ends Away.
func (h *Hub) Back() { h.gate.refuses.Store(false) }

// Attach implements hubv1.AttachServiceServer.
func (h *Hub) Attach(rpc grpc.BidiStreamingServer[hubv1.AttachRequest, hubv1.AttachResponse]) error {
	st := newStream(h, rpc)
	if err := h.admit(rpc.Context(), st); err != nil {
		return err
	}
	received := make(chan struct{})
	go func() { defer close(received); st.receive() }() // ends with the rpc
	err := st.send()
	st.over(err)
	return err
}

// admit notes a call, and says whether it is let in.
func (h *Hub) admit(ctx context.Context, st *Stream) error {
	token := ""
	if md, ok := metadata.FromIncomingContext(ctx); ok && len(md.Get("authorization")) > 0 {
		token = md.Get("authorization")[0]
	}
	h.t.mu.Lock()
	defer h.t.mu.Unlock()
	h.tokens = append(h.tokens, token)
	var err error
	if h.refuse != nil {
		err = h.refuse(token)
	}
	if st != nil {
		st.refused = err != nil
		h.streams = append(h.streams, st)
		h.t.streams = append(h.t.streams, st)
	}
	h.t.touch()
	return err
}

// EmitWithAck implements hubv1.ControlServiceServer.
func (h *Hub) EmitWithAck(r *hubv1.EmitWithAckRequest, rpc grpc.ServerStreamingServer[hubv1.EmitWithAckResponse]) error {
	if err := h.admit(rpc.Context(), nil); err != nil {
		return err
	}
	for _, result := range h.execute(r.GetCommand()) {
		if err := rpc.Send(&hubv1.EmitWithAckResponse{Result: result}); err != nil {
			return err
		}
	}
	return nil
}

// Execute implements hubv1.ControlServiceServer.
func (h *Hub) Execute(ctx context.Context, r *hubv1.ExecuteRequest) (*hubv1.ExecuteResponse, error) {
	if err := h.admit(ctx, nil); err != nil {
		return nil, err
	}
	response := &hubv1.ExecuteResponse{}
	for _, c := range r.GetCommands() {
		results := h.execute(c)
		if len(results) == 0 {
			return nil, status.Error(codes.Unavailable, "not now")
		}
		response.Results = append(response.Results, results[len(results)-1])
	}
	return response, nil
}

func (h *Hub) execute(c *hubv1.Command) []*hubv1.Result {
	h.t.mu.Lock()
	defer h.t.mu.Unlock()
	h.unary = append(h.unary, c)
	h.t.touch()
	return h.resultsFor(&Asked{Command: c})
}

// resultsFor needs t.mu.
func (h *Hub) resultsFor(a *Asked) []*hubv1.Result {
	if h.answer != nil {
		return h.answer(a)
	}
	return []*hubv1.Result{{MatchedCount: 1, QueuedCount: 1, DataVersion: 1}}
}

// gate is a listener whose connections break when a case wants it.
type gate struct {
	net.Listener
	refuses  atomic.Bool
	accepted atomic.Int64

	mu    sync.Mutex // guards the field below
	conns map[net.Conn]bool
}

// Accept implements net.Listener.
func (g *gate) Accept() (net.Conn, error) {
	conn, err := g.Listener.Accept()
	if err != nil {
		return nil, err
	}
	g.accepted.Add(1)
	if g.refuses.Load() {
		_ = conn.Close() // whoever serves it finds out
		return conn, nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conns[conn] = true
	return conn, nil
}

func (g *gate) cut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for conn := range g.conns {
		_ = conn.Close()
	}
	clear(g.conns)
}
