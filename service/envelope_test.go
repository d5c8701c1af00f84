package service_test

import (
	"context"
	"testing"

	"github.com/siohub/siohub/controlplane"
	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/service"
)

// An event that is larger than gRPC's usual message comes where both ends allow it.
func TestMaxEnvelopeBytes_LetsLargeEventsIn(t *testing.T) {
	const size = 6 << 20
	h := newRealHubWith(t, controlplane.Config{}, hub.Config{MaxPayload: 8 << 20, Limits: hub.Limits{Event: hub.EventLimits{Bytes: 8 << 20}}}, "127.0.0.1:0")
	got := make(chan int, 1)
	svc := h.service(service.Options{MaxEnvelopeBytes: 16 << 20})
	svc.Namespace("/chat").AllowAnyone().On("large", func(_ context.Context, e *service.Event) error {
		got <- len(e.Attachments[0])
		return e.Reply()
	})
	h.run(t, svc)
	b := h.join(t, "")
	b.Send(`451-/chat,0["large",{"_placeholder":true,"num":0}]`)
	b.SendBinary(make([]byte, size))
	if n := <-got; n != size {
		t.Errorf("%d bytes", n)
	}
	b.Expect("43/chat,0[]")
}
