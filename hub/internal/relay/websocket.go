package relay

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/siohub/siohub/hub/internal/request"
)

const (
	// answerBytes bound the headers of an answer.
	answerBytes = 16 << 10
	// refusalBytes bound the body of an answer that is no upgrade.
	refusalBytes = 64 << 10
	// handshakeTime is how long the other hub may take to answer a handshake.
	handshakeTime = 10 * time.Second
)

// serveWebSocket passes on the handshake of a WebSocket, and relays what follows.
func (r *Relay) serveWebSocket(w http.ResponseWriter, req *http.Request, l *link, from request.Sender) Result {
	if !r.webSockets.reserve() {
		return r.full(webSocketsKey)
	}
	kept := false
	defer func() {
		if !kept {
			r.webSockets.release()
		}
	}()
	ctx, cancel := context.WithTimeout(req.Context(), handshakeTime)
	defer cancel()
	there, err := l.connect(ctx)
	if err != nil {
		return r.unreachable(req, l, err)
	}
	answer, rest, err := handshake(ctx, there, req, from)
	if err != nil {
		_ = there.Close()
		return r.unreachable(req, l, err)
	}
	if answer.StatusCode != http.StatusSwitchingProtocols {
		forward(w, answer)
		_ = there.Close()
		return ResultAnswered
	}
	here, err := accept(w, answer, rest)
	if err != nil {
		_ = there.Close()
		return ResultGone
	}
	kept = true
	r.webSockets.start(here, there, l)
	return ResultAnswered
}

// unreachable says that another hub could not be asked, unless it is the browser that has left.
func (r *Relay) unreachable(req *http.Request, l *link, err error) Result {
	if req.Context().Err() != nil {
		return ResultGone
	}
	r.failed(l, err)
	return ResultUnreachable
}

// handshake passes a request for a WebSocket on. What has come behind an answer that agrees is returned as rest.
func handshake(ctx context.Context, there net.Conn, req *http.Request, from request.Sender) (answer *http.Response, rest []byte, err error) {
	stop := context.AfterFunc(ctx, func() { _ = there.SetDeadline(time.Unix(1, 0)) })
	out := req.Clone(ctx)
	out.Body, out.ContentLength, out.TransferEncoding = nil, 0, nil
	setBrowser(out, from)
	out.Header["Connection"] = []string{"Upgrade"}
	if out.Header["User-Agent"] == nil {
		out.Header["User-Agent"] = nil // none of net/http's
	}
	if err = out.Write(there); err == nil {
		in := bufio.NewReader(io.LimitReader(there, answerBytes+refusalBytes))
		if answer, err = http.ReadResponse(in, out); err == nil && answer.StatusCode == http.StatusSwitchingProtocols {
			rest, err = in.Peek(in.Buffered())
		}
	}
	if err == nil && answer.StatusCode == http.StatusUnauthorized {
		err = errNotLetIn
	}
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	return answer, rest, err
}

// forward gives an answer that is no upgrade to the browser.
func forward(w http.ResponseWriter, answer *http.Response) {
	h := w.Header()
	for name, values := range answer.Header {
		h[name] = values
	}
	h["Connection"] = []string{"close"}
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, io.LimitReader(answer.Body, refusalBytes))
	_ = answer.Body.Close()
}

var errEarly = errors.New("relay: the browser has sent something before the handshake was answered")

// accept answers a handshake as the other hub has, and takes the browser's connection.
func accept(w http.ResponseWriter, answer *http.Response, rest []byte) (net.Conn, error) {
	here, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, err
	}
	if buffered.Reader.Buffered() > 0 {
		_ = here.Close()
		return nil, errEarly
	}
	_ = here.SetDeadline(time.Now().Add(handshakeTime))
	out := bufio.NewWriter(here)
	_, _ = out.WriteString("HTTP/1.1 101 Switching Protocols\r\n")
	_ = answer.Header.Write(out)
	_, _ = out.WriteString("\r\n")
	_, _ = out.Write(rest)
	if err := out.Flush(); err != nil { // which has the error of each write before
		_ = here.Close()
		return nil, err
	}
	return here, here.SetDeadline(time.Time{})
}
