package controlplane

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/window"
	"github.com/siohub/siohub/internal/envelope"
)

// Limits of a hello.
const (
	maxNameBytes     = 128
	maxSubscriptions = 256
	maxCapabilities  = 64

	defaultDeliveries = 1024
	defaultBytes      = 4 << 20

	// minEnvelope holds everything that a service cannot do without: a connected with
	// 1024 rooms of 256 bytes, its data and its handshake.
	minEnvelope     = 1 << 20
	defaultEnvelope = 4 << 20
)

// capabilities are what this hub can do beyond the bare contract: nothing yet.
var capabilities []string

// hello attaches the stream, with the subscriptions that are not bad. An error ends it.
func (st *stream) hello(h *hubv1.Hello, bad map[int]*envelope.Bad) error {
	if err := checkHello(h); err != nil {
		return err
	}
	st.life.Lock()
	defer st.life.Unlock()
	if st.ended {
		return errLost
	}
	st.instance, st.version, st.attachTime = h.InstanceId, h.Version, time.Now()
	st.caller.Group, st.caller.Instance = h.Group, h.InstanceId
	st.maxEnvelope = defaultEnvelope
	if h.MaxEnvelopeBytes != 0 {
		st.maxEnvelope = int(min(h.MaxEnvelopeBytes, 64<<20))
	}
	st.subscribed = len(h.Subscriptions) > 0
	size := st.srv.clamp(h.Window)
	fenced, first, err := st.srv.routes.welcome(st, h, bad, size)
	if err != nil {
		return err
	}
	st.welcomed.Store(true)
	if fenced != nil {
		fenced.end(errFenced)
	}
	st.start(h, size, first)
	return nil
}

// start lets the work of the instance come.
func (st *stream) start(h *hubv1.Hello, size window.Size, first bool) {
	g := st.group
	roll := first && slices.ContainsFunc(h.Subscriptions, func(s *hubv1.Subscription) bool {
		return s.GetIntroduction() == hubv1.Introduction_INTRODUCTION_ON_ATTACH
	})
	st.attachment.Start(windowsOf(h.Window, size), roll)
	st.srv.trace.streamOpened(g.name)
	st.srv.log.Info("stream opened", "group", g.name, "instance", st.instance, "version", st.version,
		"identity", st.identity)
	if roll {
		st.srv.callRoll(g, false)
	}
	g.report(st)
	st.srv.connects.reroute()
}

// checkHello says what is wrong with a hello as a whole.
func checkHello(h *hubv1.Hello) error {
	bad := func(r fault.Reason, field, text string) error { return fault.At(r, "hello."+field, text).GRPC() }
	for _, name := range []struct{ field, value string }{{"group", h.Group}, {"instance_id", h.InstanceId}} {
		if name.value == "" || len(name.value) > maxNameBytes || !utf8.ValidString(name.value) {
			return bad(fault.BadLength, name.field, fmt.Sprintf("has 1 to %d bytes", maxNameBytes))
		}
	}
	switch {
	case len(h.Version) > maxNameBytes:
		return bad(fault.TooLong, "version", fmt.Sprintf("has at most %d bytes", maxNameBytes))
	case len(h.Subscriptions) > maxSubscriptions:
		return bad(fault.TooMany, "subscriptions", fmt.Sprintf("at most %d", maxSubscriptions))
	case len(h.RequiredCapabilities) > maxCapabilities:
		return bad(fault.TooMany, "required_capabilities", fmt.Sprintf("at most %d", maxCapabilities))
	case h.MaxEnvelopeBytes != 0 && h.MaxEnvelopeBytes < minEnvelope:
		return bad(fault.TooSmall, "max_envelope_bytes", fmt.Sprintf("at least %d", minEnvelope))
	}
	for _, c := range h.RequiredCapabilities {
		if !slices.Contains(capabilities, c) {
			return fault.At(fault.UnknownCapability, "hello.required_capabilities",
				fmt.Sprintf("the hub does not have %q", truncate(c, maxNameBytes))).GRPC()
		}
	}
	return nil
}

// truncate bounds a text that is repeated in an error.
func truncate(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "…"
}

// clamp fits a window to the hub's own limits. Nil is the default.
func (s *Server) clamp(w *hubv1.Window) window.Size {
	wish := window.Size{Deliveries: w.GetDeliveries(), Bytes: w.GetBytes()}
	most := window.Size{Deliveries: s.config.Window.MaxDeliveries, Bytes: s.config.Window.MaxBytes}
	return window.Clamp(wish, most, window.Size{Deliveries: defaultDeliveries, Bytes: defaultBytes})
}

// windowsOf are the windows of an instance: a window of 0 deliveries is a pause.
func windowsOf(w *hubv1.Window, size window.Size) dispatch.Windows {
	return dispatch.Windows{Events: size, Attempts: size, Paused: w != nil && w.Deliveries == 0}
}

// welcome enters a stream into its group, queues the welcome, so that it is the first
// thing on the stream, and takes the instance over, from the fenced stream if there is
// one. All at once: of two streams with the same instance_id the later one wins
// everywhere, and nobody takes the routes of a group that is just coming back.
func (r *routes) welcome(
	st *stream, h *hubv1.Hello, bad map[int]*envelope.Bad, size window.Size,
) (fenced *stream, first bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g, err := r.groupLocked(h.Group)
	if err != nil {
		return nil, false, err
	}
	var results []*hubv1.SubscriptionResult
	if st.subscribed {
		results = r.subscribeLocked(g, h.Subscriptions, bad)
	}
	st.out.push(&hubv1.Item{Kind: &hubv1.Item_Welcome{Welcome: &hubv1.Welcome{
		HubId:             r.srv.hubID,
		HubVersion:        r.srv.config.HubVersion,
		Capabilities:      capabilities,
		Subscriptions:     results,
		Window:            &hubv1.Window{Deliveries: size.Deliveries, Bytes: size.Bytes},
		CommandWindow:     r.srv.config.Window.Commands,
		MaxEnvelopeBytes:  envelope.MaxBytes,
		HeartbeatInterval: durationpb.New(r.srv.config.Stream.Heartbeat),
	}}}, false)
	g.streams[h.InstanceId] = st
	st.group = g
	attachment, old, first, _ := g.Attach(h.InstanceId, st, dispatch.AttachOptions{Complete: true})
	st.attachment = attachment
	fenced, _ = old.(*stream)
	return fenced, first, nil
}
