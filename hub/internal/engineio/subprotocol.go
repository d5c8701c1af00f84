package engineio

import (
	"net/http"
	"slices"
	"strings"

	"github.com/siohub/siohub/hub/internal/option"
)

// choose picks the WebSocket subprotocol: the first one that the browser offers, as the reference does. A browser
// that has offered some fails its connection where none is chosen. False means that the offer is not a list of tokens,
// each there once.
//
// Spec: RFC 6455, 4.1, 10. Source: ws, lib/subprotocol.js.
func choose(offer []string) (protocol string, ok bool) {
	if len(offer) == 0 {
		return "", true
	}
	protocols := strings.Split(strings.Join(offer, ","), ",")
	for i, p := range protocols {
		if protocols[i] = strings.Trim(p, " \t"); !option.IsToken(protocols[i]) {
			return "", false
		}
	}
	first := protocols[0]
	slices.Sort(protocols)
	return first, len(slices.Compact(protocols)) == len(protocols)
}

// withProtocol adds the subprotocol to the header of a WebSocket's answer. False means that the offer was refused.
func (n *refusals) withProtocol(w http.ResponseWriter, r *http.Request, header http.Header) (http.Header, bool) {
	protocol, ok := choose(r.Header["Sec-Websocket-Protocol"])
	switch {
	case !ok:
		n.refuse(w, r, refusal{code: codeBadRequest, message: "Invalid Sec-WebSocket-Protocol header"})
		return nil, false
	case protocol == "":
		return header, true
	case header == nil:
		header = make(http.Header, 1)
	}
	header["Sec-Websocket-Protocol"] = []string{protocol}
	return header, true
}
