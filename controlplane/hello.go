package controlplane

import (
	"fmt"
	"log/slog"
	"slices"
	"time"
	"unicode/utf8"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/subscription"
	"github.com/siohub/siohub/controlplane/internal/window"
	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/internal/envelope"
)

// Limits of a hello.
const (
	maxNameBytes     = 128
	maxSubscriptions = 256
	maxCapabilities  = 64
	maxWeight        = 1000
	maxHubs          = 1024

	defaultDeliveries = 1024
	defaultBytes      = 16 << 20
	// attemptShare is the part of a window that connect attempts have for themselves.
	attemptShare = 4

	// minEnvelope holds everything that a service cannot do without: a connected with
	// 1024 rooms of 256 bytes, its data and its handshake.
	minEnvelope     = 1 << 20
	defaultEnvelope = 4 << 20
	maxEnvelope     = 64 << 20

	minHeartbeat = time.Second
	maxHeartbeat = time.Minute
)

// capabilityRecovery says that browsers may take up the sessions that they had.
const capabilityRecovery = "recovery"

// capabilities are what this hub can do beyond the bare contract, as it is configured.
func (t *attaching) capabilities() (all []string) {
	if t.srv.recovers() {
		all = append(all, capabilityRecovery)
	}
	return all
}

// hello attaches the stream. Bad are the subscriptions that have something which the hub
// does not know. An error ends the stream.
func (st *stream) hello(h *hubv1.Hello, bad map[int]*envelope.Bad, numbered bool) error {
	if f := checkHello(h, st.srv.capabilities()); f != nil {
		return f.Under("hello").GRPC()
	}
	if f := st.caller.MayAttach(h.Group); f != nil {
		return f.GRPC()
	}
	if slices.Contains(h.AttachedHubIds, st.srv.hubID) {
		return fault.At(fault.AlreadyAttached, "hello.attached_hub_ids", "this is "+st.srv.hubID).GRPC()
	}
	st.pulse.greeted.Store(true)
	st.brake.hold(trace.SlowedHellos, st.srv.hellos.Pass(time.Now(), st.caller.Account()), h.Group)
	st.brake.seat.Belong(st.caller.Customer(h.Group))
	st.brake.seat.Begin(0)
	st.life.Lock()
	defer st.life.Unlock()
	if st.ended {
		return errLost
	}
	if wish := h.GetHeartbeatInterval(); wish != nil {
		st.heartbeat = min(max(wish.AsDuration(), minHeartbeat), maxHeartbeat)
	}
	if h.Resume != nil {
		switch {
		case st.resume(h, bad):
			return nil
		case st.over(): // another stream has resumed meanwhile
			return errFenced
		}
	}
	return st.attach(h, bad, numbered || h.Resume != nil)
}

// attach begins a new attachment.
func (st *stream) attach(h *hubv1.Hello, bad map[int]*envelope.Bad, numbered bool) error {
	s := st.srv
	entered, f := s.routes.enter(st, h, bad, numbered)
	if f != nil {
		return f.GRPC()
	}
	a := entered.attachment
	a.resumes.Store(h.Resume != nil)
	st.begin(a, s.welcome(a, st.heartbeat, h, entered.results))
	s.replaced(entered.before)
	roll := h.Anew || entered.first && slices.ContainsFunc(h.Subscriptions, func(s *hubv1.Subscription) bool {
		return s.GetIntroduceMoved() || subscription.IntroducesAnew(s.GetIntroduction())
	})
	a.lease.Load().Start(s.windows(h.Window), roll)
	s.opened(a, false)
	a.introduceAll(roll, h.Anew)
	return nil
}

// begin lets the stream send for an attachment: the welcome first.
func (st *stream) begin(a *attachment, welcome *hubv1.Welcome) {
	st.attachment = a
	st.welcome = &hubv1.Item{Kind: &hubv1.Item_Welcome{Welcome: welcome}}
	st.welcomed.Store(true)
	st.srv.done.Add(1)
	go st.sendLoop()
}

// opened says that a stream was welcomed.
func (t *attaching) opened(a *attachment, resumed bool) {
	t.srv.trace.StreamOpened(a.group.name)
	t.srv.lines.Write(slog.LevelInfo, "stream opened", "group", a.group.name, "instance", a.instance, "version", a.version,
		"identity", a.caller.Name(), "resumed", resumed)
	a.group.report(a)
	a.tellDrain()
	a.tellHubs()
	t.srv.connects.reroute()
}

// welcome is the answer to a hello.
func (t *attaching) welcome(a *attachment, heartbeat time.Duration, h *hubv1.Hello, results []*hubv1.SubscriptionResult) *hubv1.Welcome {
	size := t.srv.clamp(h.Window)
	hubs, version := t.srv.hubs()
	a.toldHubs.Store(version)
	observations := a.out.Copies.Resize(h.GetWindow().GetObservations())
	w := &hubv1.Welcome{
		HubId: t.srv.hubID, HubVersion: t.srv.config.HubVersion, Capabilities: t.srv.capabilities(), Subscriptions: results,
		Window: &hubv1.Window{
			Deliveries: size.Deliveries, Bytes: size.Bytes, Paused: h.GetWindow().GetPaused(), Observations: observations,
		},
		CommandWindow: uint32(t.srv.config.Window.Commands), MaxEnvelopeBytes: envelope.MaxBytes,
		HeartbeatInterval: contract.DurationOf(heartbeat), Hubs: hubs, AckEnvelopeSeq: a.applied.Load(),
	}
	if a.numbered {
		w.Attachment = a.token[:]
	}
	return w
}

// checkHello says what is wrong with a hello as a whole.
func checkHello(h *hubv1.Hello, capabilities []string) *fault.Fault {
	for _, name := range []struct{ field, value string }{{"group", h.Group}, {"instance_id", h.InstanceId}} {
		if name.value == "" || len(name.value) > maxNameBytes || !utf8.ValidString(name.value) {
			return fault.At(fault.BadName, name.field, fmt.Sprintf("has 1 to %d bytes", maxNameBytes))
		}
	}
	switch {
	case len(h.Version) > maxNameBytes:
		return fault.At(fault.TooLong, "version", fmt.Sprintf("has at most %d bytes", maxNameBytes))
	case len(h.Subscriptions) > maxSubscriptions:
		return fault.At(fault.TooMany, "subscriptions", fmt.Sprintf("at most %d", maxSubscriptions))
	case len(h.RequiredCapabilities) > maxCapabilities:
		return fault.At(fault.TooMany, "required_capabilities", fmt.Sprintf("at most %d", maxCapabilities))
	case len(h.AttachedHubIds) > maxHubs:
		return fault.At(fault.TooMany, "attached_hub_ids", fmt.Sprintf("at most %d", maxHubs))
	case h.MaxEnvelopeBytes != 0 && h.MaxEnvelopeBytes < minEnvelope:
		return fault.At(fault.TooSmall, "max_envelope_bytes", fmt.Sprintf("at least %d", minEnvelope))
	case h.Weight > maxWeight:
		return fault.At(fault.TooMany, "weight", fmt.Sprintf("at most %d", maxWeight))
	case h.Anew && h.Resume != nil:
		return fault.At(fault.NotAllowed, "resume", "not together with anew")
	case h.HeartbeatInterval != nil && (h.HeartbeatInterval.CheckValid() != nil || h.HeartbeatInterval.AsDuration() <= 0):
		return fault.At(fault.BadDuration, "heartbeat_interval", "is more than 0")
	}
	for i, c := range h.RequiredCapabilities {
		if !slices.Contains(capabilities, c) {
			return fault.At(fault.UnknownCapability, fmt.Sprintf("required_capabilities[%d]", i),
				fmt.Sprintf("the hub does not have %q", truncate(c, maxNameBytes)))
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
func (t *attaching) clamp(w *hubv1.Window) window.Size {
	wish := window.Size{Deliveries: w.GetDeliveries(), Bytes: w.GetBytes()}
	most := window.Size{Deliveries: uint32(t.srv.config.Window.MaxDeliveries), Bytes: uint64(t.srv.config.Window.MaxBytes)}
	return window.Clamp(wish, most, window.Size{Deliveries: defaultDeliveries, Bytes: defaultBytes})
}

// windows are those of an instance: connect attempts have their own.
func (t *attaching) windows(w *hubv1.Window) dispatch.Windows {
	size := t.srv.clamp(w)
	return dispatch.Windows{
		Events: size,
		Attempts: window.Size{
			Deliveries: max(size.Deliveries/attemptShare, 1), Bytes: max(size.Bytes/attemptShare, 1),
		},
		Paused: w.GetPaused(),
	}
}
