package envelope_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/internal/envelope"
)

func eventItem(change func(*hubv1.Delivery, *hubv1.Event)) *hubv1.Item {
	e := &hubv1.Event{
		Name: "echo", Payload: &hubv1.Payload{Args: []byte(`["a"]`)}, WantsAck: true,
		ReceiveTime: &timestamppb.Timestamp{Seconds: 1_700_000_000, Nanos: 5},
	}
	d := &hubv1.Delivery{
		DeliverySeq: 300, DedupeId: []byte("0123456789abcdef"), Attempt: 1,
		Socket: &hubv1.Socket{Id: "xyz", Namespace: "/", User: "u", Data: []byte("{}"), DataVersion: 2},
		Body:   &hubv1.Delivery_Event{Event: e},
	}
	if change != nil {
		change(d, e)
	}
	return &hubv1.Item{Kind: &hubv1.Item_Delivery{Delivery: d}}
}

func settlementAction(s *hubv1.Settlement) *hubv1.Action {
	return &hubv1.Action{Kind: &hubv1.Action_Settlement{Settlement: s}}
}

func replyOf(p *hubv1.Payload) *hubv1.Settlement_Reply {
	return &hubv1.Settlement_Reply{Reply: &hubv1.Reply{Payload: p}}
}

// responses and requests are envelopes with and without something hot.
var responses = map[string]*hubv1.AttachResponse{
	"empty":     {},
	"numbers":   {EnvelopeSeq: 1 << 40, AckEnvelopeSeq: 7},
	"event":     {EnvelopeSeq: 1, Items: []*hubv1.Item{eventItem(nil)}},
	"heartbeat": {Items: []*hubv1.Item{{Kind: &hubv1.Item_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}}}},
	"no kind":   {Items: []*hubv1.Item{{}}},
	"bare event": {Items: []*hubv1.Item{eventItem(func(d *hubv1.Delivery, e *hubv1.Event) {
		d.Socket, d.DedupeId, d.Attempt, d.DeliverySeq = nil, nil, 0, 0
		e.Name, e.Payload, e.ReceiveTime, e.WantsAck = "", nil, nil, false
	})}},
	"empty parts": {Items: []*hubv1.Item{eventItem(func(d *hubv1.Delivery, e *hubv1.Event) {
		d.Socket, e.Payload, e.ReceiveTime = &hubv1.Socket{}, &hubv1.Payload{}, &timestamppb.Timestamp{}
	})}},
	"attachments": {Items: []*hubv1.Item{eventItem(func(_ *hubv1.Delivery, e *hubv1.Event) {
		e.Payload.Attachments = [][]byte{{}, {1, 2}, make([]byte, 300)}
	})}},
	"before 1970": {Items: []*hubv1.Item{eventItem(func(_ *hubv1.Delivery, e *hubv1.Event) {
		e.ReceiveTime = &timestamppb.Timestamp{Seconds: -1, Nanos: -1}
	})}},
	"large": {Items: []*hubv1.Item{eventItem(func(_ *hubv1.Delivery, e *hubv1.Event) {
		e.Payload.Args = bytes.Repeat([]byte("x"), 100_000)
	}), eventItem(nil)}},
	"large parts": {Items: []*hubv1.Item{eventItem(nil), eventItem(func(_ *hubv1.Delivery, e *hubv1.Event) {
		e.Payload.Args = bytes.Repeat([]byte("x"), 8<<10)
		e.Payload.Attachments = [][]byte{bytes.Repeat([]byte("a"), 50_000), {1}, bytes.Repeat([]byte("b"), 8<<10)}
	}), eventItem(func(_ *hubv1.Delivery, e *hubv1.Event) {
		e.Payload.Attachments = [][]byte{bytes.Repeat([]byte("c"), 8<<10-1), bytes.Repeat([]byte("d"), 8<<10)}
		e.ReceiveTime, e.WantsAck = nil, false
	})}},
	"mixed": {EnvelopeSeq: 2, AckEnvelopeSeq: 1, Items: []*hubv1.Item{
		eventItem(nil),
		{Kind: &hubv1.Item_Result{Result: &hubv1.Result{CommandId: 4}}},
		{Kind: &hubv1.Item_Delivery{Delivery: &hubv1.Delivery{DeliverySeq: 9, Body: &hubv1.Delivery_Connected{Connected: &hubv1.Connected{Rooms: []string{"r"}}}}}},
		eventItem(nil),
	}},
}

var requests = map[string]*hubv1.AttachRequest{
	"empty":   {},
	"numbers": {EnvelopeSeq: 3, AckEnvelopeSeq: 4},
	"done": {Actions: []*hubv1.Action{
		settlementAction(&hubv1.Settlement{DeliverySeq: 128, Outcome: &hubv1.Settlement_Done{Done: &hubv1.Done{}}}),
	}},
	"replies": {EnvelopeSeq: 1, Actions: []*hubv1.Action{
		settlementAction(&hubv1.Settlement{DeliverySeq: 1, Outcome: replyOf(&hubv1.Payload{Args: []byte(`[1]`), Attachments: [][]byte{{1}, {}}})}),
		settlementAction(&hubv1.Settlement{DeliverySeq: 2, Outcome: replyOf(nil)}),
		settlementAction(&hubv1.Settlement{DeliverySeq: 3, Outcome: replyOf(&hubv1.Payload{})}),
	}},
	"later": {Actions: []*hubv1.Action{
		settlementAction(&hubv1.Settlement{DeliverySeq: 128, Outcome: &hubv1.Settlement_Done{Done: &hubv1.Done{AckLater: true}}}),
	}},
	"large reply": {Actions: []*hubv1.Action{
		settlementAction(&hubv1.Settlement{DeliverySeq: 1, Outcome: replyOf(&hubv1.Payload{
			Args: bytes.Repeat([]byte("x"), 100_000), Attachments: [][]byte{bytes.Repeat([]byte("a"), 8<<10)},
		})}),
		settlementAction(&hubv1.Settlement{DeliverySeq: 2, Outcome: replyOf(nil)}),
	}},
	"with commands": {Actions: []*hubv1.Action{
		settlementAction(&hubv1.Settlement{DeliverySeq: 1, Outcome: replyOf(nil), Commands: []*hubv1.Command{{CommandId: 1}}}),
	}},
	"no outcome": {Actions: []*hubv1.Action{settlementAction(&hubv1.Settlement{DeliverySeq: 1}), {}}},
	"mixed": {Actions: []*hubv1.Action{
		{Kind: &hubv1.Action_Hello{Hello: &hubv1.Hello{Group: "g"}}},
		settlementAction(&hubv1.Settlement{DeliverySeq: 5, Outcome: &hubv1.Settlement_Accept{Accept: &hubv1.Accept{User: "u"}}}),
		settlementAction(&hubv1.Settlement{DeliverySeq: 6, Outcome: replyOf(&hubv1.Payload{Args: []byte(`[]`)})}),
		{Kind: &hubv1.Action_Window{Window: &hubv1.Window{Deliveries: 3}}},
	}},
}

func TestCodec_SaysTheSameAsProtobuf(t *testing.T) {
	for name, m := range responses {
		t.Run("response "+name, func(t *testing.T) { sameAsProtobuf(t, m, &hubv1.AttachResponse{}) })
	}
	for name, m := range requests {
		t.Run("request "+name, func(t *testing.T) { sameAsProtobuf(t, m, &hubv1.AttachRequest{}) })
	}
}

// sameAsProtobuf encodes m both ways and decodes it into an empty message.
func sameAsProtobuf(t *testing.T, m, empty proto.Message) {
	want, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	data, err := envelope.Hub().Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if got := data.Materialize(); !bytes.Equal(got, want) {
		t.Errorf("encoded\n%x\nwant\n%x", got, want)
	}
	data.Free()
	codec := envelope.Service()
	for range 2 { // the second time with what was seen
		if err := decode(codec, mem.BufferSlice{mem.SliceBuffer(want)}, empty); err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(empty, m) {
			t.Errorf("decoded %v, want %v", empty, m)
		}
	}
}

// decode decodes an envelope of either end. Of a request that is not good in all its
// parts it makes an error.
func decode(codec *envelope.Codec, data mem.BufferSlice, to proto.Message) error {
	m, ok := to.(*hubv1.AttachRequest)
	if !ok {
		return codec.Unmarshal(data, to)
	}
	var r envelope.Request
	if err := codec.Unmarshal(data, &r); err != nil || r.Err != nil {
		return errors.Join(err, r.Err)
	}
	m.Reset()
	m.EnvelopeSeq, m.AckEnvelopeSeq = r.EnvelopeSeq, r.AckEnvelopeSeq
	for _, a := range r.Actions {
		if a.Bad != nil {
			return a.Bad
		}
		for _, bad := range a.BadSubscriptions {
			return bad
		}
		m.Actions = append(m.Actions, a.Action)
	}
	return nil
}

func TestCodec_RefusesWhatProtobufRefuses(t *testing.T) {
	notUTF8 := &hubv1.AttachResponse{Items: []*hubv1.Item{eventItem(func(_ *hubv1.Delivery, e *hubv1.Event) { e.Name = "\xff" })}}
	if _, err := envelope.Hub().Marshal(notUTF8); err == nil {
		t.Error("a name that is not UTF-8 is encoded")
	}
	if _, err := envelope.Hub().Marshal("a string"); err == nil {
		t.Error("a string is encoded")
	}
	large := mem.BufferSlice{mem.SliceBuffer(in(99, make([]byte, envelope.MaxBytes)))}
	if err := envelope.Hub().Unmarshal(large, &hubv1.ExecuteRequest{}); err == nil {
		t.Error("a unary call beyond MaxBytes is decoded")
	}
	good, err := proto.Marshal(responses["event"])
	if err != nil {
		t.Fatal(err)
	}
	for what, b := range map[string][]byte{
		"a name that is not UTF-8":  bytes.Replace(good, []byte("echo"), []byte("ech\xff"), 1),
		"an id that is not UTF-8":   bytes.Replace(good, []byte("xyz"), []byte("xy\xff"), 1),
		"an envelope that is short": good[:len(good)-1],
	} {
		if err := envelope.Service().Unmarshal(mem.BufferSlice{mem.SliceBuffer(b)}, &hubv1.AttachResponse{}); err == nil {
			t.Errorf("%s is decoded", what)
		}
	}
}

// What was decoded lies in no buffer of gRPC's, and no event in that of another.
func TestCodec_KeepsItsOwnBytes(t *testing.T) {
	b, err := proto.Marshal(&hubv1.AttachResponse{Items: []*hubv1.Item{eventItem(nil), eventItem(nil)}})
	if err != nil {
		t.Fatal(err)
	}
	var m hubv1.AttachResponse
	if err := envelope.Service().Unmarshal(mem.BufferSlice{mem.SliceBuffer(b)}, &m); err != nil {
		t.Fatal(err)
	}
	clear(b)
	first := m.Items[0].GetDelivery().GetEvent().Payload
	_ = append(first.Args, "overwritten"...)
	clear(first.Args)
	if !proto.Equal(m.Items[1], eventItem(nil)) {
		t.Errorf("the second event is %v", m.Items[1])
	}
	if got := m.Items[0].GetDelivery().GetSocket(); got != m.Items[1].GetDelivery().GetSocket() {
		t.Error("sockets of the same bytes are not shared")
	}
}

// Large payloads are not copied on their way out, and once on their way in.
func TestCodec_LargePayloads(t *testing.T) {
	args := bytes.Repeat([]byte("x"), 100<<10)
	m := &hubv1.AttachResponse{Items: []*hubv1.Item{eventItem(func(_ *hubv1.Delivery, e *hubv1.Event) { e.Payload.Args = args })}}
	data, err := envelope.Hub().Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Free()
	if !slices.ContainsFunc(data, func(b mem.Buffer) bool { return &b.ReadOnlyData()[0] == &args[0] }) {
		t.Error("the arguments are copied")
	}
	codec := envelope.Service()
	if took := allocated(func() {
		if err := codec.Unmarshal(data, m); err != nil {
			t.Fatal(err)
		}
	}); took > 3*len(args)/2 {
		t.Errorf("%d bytes are decoded with %d", len(args), took)
	}
	if !bytes.Equal(m.Items[0].GetDelivery().GetEvent().Payload.Args, args) {
		t.Error("they are not the same")
	}
}

// A change of the socket is seen, however small.
func TestCodec_SeesSocketsChange(t *testing.T) {
	codec := envelope.Service()
	for _, user := range []string{"a", "b", "a", strings.Repeat("long", 200)} {
		b, err := proto.Marshal(&hubv1.AttachResponse{Items: []*hubv1.Item{
			eventItem(func(d *hubv1.Delivery, _ *hubv1.Event) { d.Socket.User = user }),
		}})
		if err != nil {
			t.Fatal(err)
		}
		var m hubv1.AttachResponse
		if err := codec.Unmarshal(mem.BufferSlice{mem.SliceBuffer(b)}, &m); err != nil {
			t.Fatal(err)
		}
		if got := m.Items[0].GetDelivery().GetSocket().GetUser(); got != user {
			t.Errorf("user %q, want %q", got, user)
		}
	}
}
