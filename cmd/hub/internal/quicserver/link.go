package quicserver

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/webtransport-go"
)

// Link is the first bidirectional stream of a WebTransport session, and the session with it. One goroutine reads and one
// writes; its other methods may be called at any time.
type Link struct {
	// Set at construction.
	connection *connection
	session    *webtransport.Session
	stream     *webtransport.Stream
	connect    *http3.Stream // of the request; the session writes nothing to it before its end

	mu     sync.Mutex // guards the field below, and the deadline for writing; a leaf
	closed bool
}

// Read reads from the stream. The error is io.EOF, wrapped or not, when the browser has ended stream, session or connection
// in order.
func (l *Link) Read(p []byte) (int, error) {
	n, err := l.stream.Read(p)
	return n, classify(err)
}

// Write writes to the stream. It returns when the last bytes are about to leave; with an error, how many have left.
func (l *Link) Write(p []byte) (int, error) {
	n, err := l.stream.Write(p)
	return n, classify(err)
}

// SetReadDeadline is that of net.Conn.
func (l *Link) SetReadDeadline(t time.Time) error { return l.stream.SetReadDeadline(t) }

// SetWriteDeadline is that of net.Conn. After Close it is net.ErrClosed: what is being written ends then.
func (l *Link) SetWriteDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return net.ErrClosed
	}
	return l.stream.SetWriteDeadline(t)
}

// Done is closed when the session has ended, whoever ended it.
func (l *Link) Done() <-chan struct{} { return l.session.Context().Done() }

// maxText is the longest text that a session may end with.
const maxText = 1024

// Close ends the session, and tells the browser so. It does not wait, but nothing is read or written any more. Only the
// first call counts.
func (l *Link) Close(code int, text string) {
	l.mu.Lock()
	again := l.closed
	l.closed = true
	l.mu.Unlock()
	if again {
		return
	}
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "")
	}
	l.stream.CancelRead(0)
	_ = l.stream.SetWriteDeadline(time.Unix(1, 0)) // the last one
	l.connection.start(func() { l.end(code, text) })
}

// end gives the browser a moment to end the session, after it was asked to. webtransport-go would reset everything
// together with the message, which Chromium then does not read: to it the connection is lost.
func (l *Link) end(code int, text string) {
	message := append(binary.BigEndian.AppendUint32(nil, uint32(code)), text...)
	var capsule bytes.Buffer
	_ = http3.WriteCapsule(&capsule, closeSession, message) // a buffer takes everything
	_ = l.connect.SetWriteDeadline(time.Now().Add(linger))
	if _, err := l.connect.Write(capsule.Bytes()); err == nil {
		_ = l.connect.Close()
		timer := time.NewTimer(linger)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-l.session.Context().Done():
		}
	}
	_ = l.session.CloseWithError(webtransport.SessionErrorCode(code), text)
}

// closeSession is the type of the capsule WT_CLOSE_SESSION.
//
// Spec: draft-ietf-webtrans-http3, 6.
const closeSession http3.CapsuleType = 0x2843

// classify says of an error whether the browser has ended what it had begun.
func classify(err error) error {
	var session *webtransport.SessionError
	var application *quic.ApplicationError
	var broken *http3.Error
	switch {
	case errors.As(err, &session) && session.Remote:
		return fmt.Errorf("%w: the browser ended the session with code %d %s", io.EOF, session.ErrorCode, session.Message)
	case errors.As(err, &application) && application.Remote && inOrder(application.ErrorCode):
		return fmt.Errorf("%w: the browser closed the connection", io.EOF)
	case errors.As(err, &broken) && !broken.Remote && broken.ErrorCode == http3.ErrCodeDatagramError && left(broken.ErrorMessage):
		return fmt.Errorf("%w: the browser ended the session with its request or its connection", io.EOF)
	}
	return err
}

// left reports whether webtransport-go found the request's stream at its end because the browser ended it, or closed the
// connection, in order. It keeps no more of the cause than its text, and calls the whole an error of its own.
//
// Spec: draft-ietf-webtrans-http3, 6: to end the stream is to end the session with code 0.
func left(cause string) bool {
	if cause == io.EOF.Error() {
		return true
	}
	for _, code := range []quic.ApplicationErrorCode{0, quic.ApplicationErrorCode(http3.ErrCodeNoError)} {
		if strings.HasPrefix(cause, (&quic.ApplicationError{Remote: true, ErrorCode: code}).Error()) {
			return true
		}
	}
	return false
}

// inOrder reports whether a peer that closes with a code has nothing to complain of.
func inOrder(code quic.ApplicationErrorCode) bool {
	return code == 0 || code == quic.ApplicationErrorCode(http3.ErrCodeNoError)
}
