package engineio

import (
	"net/http"

	"github.com/siohub/siohub/hub/internal/deflate"
)

// withDeflate agrees on permessage-deflate, if that is on. An offer that cannot be honoured is as good as none; false means
// that the header is no list of offers, and that this has been answered, as the reference does.
//
// Spec: RFC 6455, 9.1; RFC 7692, 5.1.
func (n *refusals) withDeflate(w http.ResponseWriter, r *http.Request, c *DeflateConfig) (deflate.Agreement, bool) {
	if !*c.Enabled || r.Header["Sec-Websocket-Extensions"] == nil {
		return deflate.Agreement{}, true
	}
	agreed, err := deflate.Negotiate(r.Header["Sec-Websocket-Extensions"], c.WindowBits)
	if err != nil {
		n.refuse(w, r, refusal{code: codeBadRequest, message: "Invalid or unacceptable Sec-WebSocket-Extensions header"})
		return agreed, false
	}
	return agreed, true
}
