package main

import (
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// wire is a stream with a fault in it.
type wire struct {
	grpc.ClientStream
	fault
	number int // of the stream in this process, from 0

	// Owned by SendMsg.
	envelopes int             // sent
	kept      []*hubv1.Action // commands that wait
	drop      bool            // the envelope is not sent

	// Owned by RecvMsg.
	versions uint64
	arrived  chan *arrival
	waits    bool

	delivery atomic.Uint64 // the last one that came
	mu       sync.Mutex    // guards the field below
	dropped  uint64        // envelopes that were not sent
}

type arrival struct {
	envelope *response
	err      error
}

func newWire(stream grpc.ClientStream, f fault, number int) *wire {
	return &wire{ClientStream: stream, fault: f, number: number, arrived: make(chan *arrival, 1)}
}

func (w *wire) lastDelivery() uint64 { return w.delivery.Load() }

// SendMsg implements grpc.ClientStream.
func (w *wire) SendMsg(m any) error {
	r, ok := m.(*request)
	if !ok || w.up == nil {
		return w.ClientStream.SendMsg(m)
	}
	w.envelopes++
	r = proto.CloneOf(r)
	w.drop = false
	w.up(w, r)
	w.mu.Lock()
	if w.drop {
		w.dropped++
		w.mu.Unlock()
		return nil
	}
	if r.EnvelopeSeq > w.dropped {
		r.EnvelopeSeq -= w.dropped
	}
	w.mu.Unlock()
	return w.ClientStream.SendMsg(r)
}

// RecvMsg implements grpc.ClientStream.
func (w *wire) RecvMsg(m any) error {
	r, ok := m.(*response)
	if !ok {
		return w.ClientStream.RecvMsg(m)
	}
	if err := w.receive(r); err != nil {
		if w.end != nil {
			return w.end(err)
		}
		return err
	}
	for _, i := range r.GetItems() {
		if d := i.GetDelivery(); d != nil {
			w.delivery.Store(d.GetDeliverySeq())
		}
	}
	if w.down != nil {
		w.down(w, r)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.GetAckEnvelopeSeq() > 0 {
		r.AckEnvelopeSeq += w.dropped
	}
	return nil
}

// receive is RecvMsg, or a heartbeat that nobody has sent.
func (w *wire) receive(r *response) error {
	if !w.beats {
		return w.ClientStream.RecvMsg(r)
	}
	if !w.waits {
		w.waits = true
		go func() { // ends with the stream
			envelope := &response{}
			err := w.ClientStream.RecvMsg(envelope)
			w.arrived <- &arrival{envelope, err}
		}()
	}
	select {
	case a := <-w.arrived:
		w.waits = false
		proto.Merge(r, a.envelope)
		return a.err
	case <-time.After(300 * time.Millisecond):
		r.Items = []*hubv1.Item{{Kind: &hubv1.Item_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}}}
		return nil
	}
}
