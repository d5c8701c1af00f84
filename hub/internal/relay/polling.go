package relay

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"sync"

	"github.com/siohub/siohub/hub/internal/request"
)

// hop is a request that is passed on.
type hop struct {
	from request.Sender
	err  error // why it was not answered
}

type hopKey struct{}

// errNotLetIn is a connection that is not taken any more: the secret was replaced.
var errNotLetIn = errors.New("relay: the other hub does not let this one in any more")

// newProxy returns what passes requests on.
func newProxy(l *link) *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Transport:  l,
		BufferPool: copyBuffers{},
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host = "http", l.peer.Address
			p.Out.URL.RawQuery = p.In.URL.RawQuery // as the browser wrote it
			setBrowser(p.Out, p.In.Context().Value(hopKey{}).(*hop).from)
		},
		ModifyResponse: func(answer *http.Response) error {
			if answer.StatusCode == http.StatusUnauthorized { // of no request of a browser
				return errNotLetIn
			}
			return nil
		},
		ErrorHandler: func(_ http.ResponseWriter, req *http.Request, err error) {
			req.Context().Value(hopKey{}).(*hop).err = err
		},
		ErrorLog: log.New(io.Discard, "", 0), // of answers that are cut short, as the browser sees itself
	}
}

// servePolling passes on a request that is no WebSocket's. The size and the pace of its body, and its method, are looked at by the
// hub that has the session, which stops reading where it is enough.
func (r *Relay) servePolling(w http.ResponseWriter, req *http.Request, l *link, from request.Sender) Result {
	defer l.requests.Add(-1)
	if l.requests.Add(1) > int64(r.config.Requests) {
		return r.full(requestsKey)
	}
	h := &hop{from: from}
	in := req.WithContext(context.WithValue(req.Context(), hopKey{}, h))
	l.proxy.ServeHTTP(w, in)
	switch {
	case h.err == nil:
		return ResultAnswered
	case req.Context().Err() != nil:
		return ResultGone
	}
	r.failed(l, h.err)
	return ResultUnreachable
}

// copyBuffers are what answers are copied by: most are small.
type copyBuffers struct{}

const copyBuffer = 4 << 10

var copyPool = sync.Pool{New: func() any { b := make([]byte, copyBuffer); return &b }}

// Get implements httputil.BufferPool.
func (copyBuffers) Get() []byte { return *copyPool.Get().(*[]byte) }

// Put implements httputil.BufferPool.
func (copyBuffers) Put(b []byte) { copyPool.Put(&b) }
