package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/siohub/siohub/hub/internal/engineio"
)

// runEngine serves Engine.IO alone: every message goes back unchanged.
func runEngine(ctx context.Context, s settings, stderr io.Writer) error {
	server, err := engineio.New(engineio.Config{
		Path:         "/engine.io/",
		PingInterval: s.pingInterval,
		PingTimeout:  s.pingTimeout,
		MaxPayload:   s.maxPayload,
		CORS:         engineio.CORSConfig{Origins: []string{"*"}},
		OnSession:    func(session *engineio.Session) engineio.Handler { return echo{session} },
		Logger:       logger(s, stderr),
	})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	srv := &http.Server{Handler: server}
	server.ConfigureHTTP(srv)
	serveHTTP(srv, l, failed)
	fmt.Fprintf(stderr, "conformance: Engine.IO echo on http://%s/engine.io/\n", l.Addr())
	err = wait(ctx, failed)

	end, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	return errors.Join(err, server.Close(end), srv.Shutdown(end))
}

// messageDigit is the packet type that a text message starts with.
const messageDigit = '4'

// echo sends every message of one session back.
type echo struct{ session *engineio.Session }

// HandleMessage implements engineio.Handler.
func (e echo) HandleMessage(data []byte, binary bool) {
	var back *engineio.Message
	if binary {
		back = engineio.NewBinaryMessage(append([]byte(nil), data...), false)
	} else {
		back = engineio.NewTextMessage(append([]byte{messageDigit}, data...), false)
	}
	// A session that has closed or whose browser does not read has nobody left to tell.
	_ = e.session.Send(nil, []*engineio.Message{back}, false)
}

// HandleClose implements engineio.Handler.
func (e echo) HandleClose(engineio.Close) {}
