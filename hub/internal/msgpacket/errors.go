package msgpacket

import "github.com/siohub/siohub/hub/internal/siopacket"

// What only this decoder refuses; siopacket has the rest.
var (
	errShort     = siopacket.NewError("message ends before its time", "")
	errFormat    = siopacket.NewError("message is no MessagePack", "")
	errTrailing  = siopacket.NewError("bytes behind the packet", "")
	errPacket    = siopacket.NewError("packet is no map of type, nsp, data and id", "")
	errTwice     = siopacket.NewError("packet has a member twice", "")
	errNamespace = siopacket.NewError("namespace is no text that starts with /", "")
	errID        = siopacket.NewError("ack id is no number of 0 and more", "")
	errText      = siopacket.NewError("text is not UTF-8", "")
	errExt       = siopacket.NewError("extension type that has no meaning in Socket.IO", "")
	errKey       = siopacket.NewError("map key that is neither text nor number", "")
	errSeat      = siopacket.NewError("map that could be taken for a placeholder", "")
	errSize      = siopacket.NewError("event is too large", "event_bytes")
)
