package servicetest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/service"
)

// Message is an event that a browser received.
type Message struct {
	// Event is its name.
	Event string
	// WantsAck is true when the service waits for an acknowledgement.
	WantsAck bool

	payload service.Payload
	client  *Client
	acks    *aggregate
}

// Payload are the arguments as they travelled.
func (m *Message) Payload() service.Payload { return m.payload }

// Bind decodes the arguments, see service.Event.Bind.
func (m *Message) Bind(dst ...any) error { return m.payload.Bind(dst...) }

// String is the event's name and its arguments as JSON, for comparison:
// `message ["hi",7]`.
func (m *Message) String() string {
	args := m.payload.Args
	if len(args) == 0 {
		args = json.RawMessage("[]")
	}
	return m.Event + " " + string(args)
}

// Ack acknowledges the event, as a browser's callback does. Later ones are
// nothing.
func (m *Message) Ack(args ...any) {
	m.client.hub.tb.Helper()
	payload, err := service.NewPayload(args...)
	if err != nil {
		m.client.hub.tb.Fatalf("servicetest: Ack: %v", err)
	}
	m.client.hub.mu.Lock()
	defer m.client.hub.mu.Unlock()
	if m.acks != nil {
		m.acks.ackLocked(m.client.socket, protoPayload(payload))
	}
}

// Answer acknowledges every such event from now on with these arguments.
func (c *Client) Answer(event string, args ...any) {
	c.hub.tb.Helper()
	payload, err := service.NewPayload(args...)
	if err != nil {
		c.hub.tb.Fatalf("servicetest: Answer: %v", err)
	}
	c.hub.mu.Lock()
	defer c.hub.mu.Unlock()
	c.answers[event] = payload
}

// receiveLocked puts a message into the inbox.
func (c *Client) receiveLocked(m *Message) {
	c.inbox = append(c.inbox, m)
	c.received = append(c.received, m)
	if m.acks != nil {
		c.pending = append(c.pending, m.acks)
		if answer, ok := c.answers[m.Event]; ok {
			m.acks.ackLocked(c.socket, protoPayload(answer))
		}
	}
	c.hub.changedLocked()
}

// Next takes the next message out of the inbox, and waits for it. The error is the
// cause of ctx, or that nothing came for too long.
func (c *Client) Next(ctx context.Context) (*Message, error) {
	var m *Message
	err := c.hub.until(ctx, func() bool {
		if m == nil && len(c.inbox) > 0 {
			m, c.inbox = c.inbox[0], c.inbox[1:]
		}
		return m != nil
	})
	return m, err
}

// Expect takes the next message with this name out of the inbox, and passes over
// none: the test fails when another one comes first, or none.
func (c *Client) Expect(event string) *Message {
	c.hub.tb.Helper()
	m, err := c.Next(context.Background())
	if err != nil {
		c.hub.tb.Fatalf("servicetest: %s", c.hub.describe(fmt.Sprintf("waiting for event %q", event), err))
	}
	if m.Event != event {
		c.hub.tb.Fatalf("servicetest: event %q wanted, got %s", event, m)
	}
	return m
}

// Received returns all messages so far, those that were taken out of the inbox
// included, as Message.String gives them.
func (c *Client) Received() []string {
	c.hub.mu.Lock()
	defer c.hub.mu.Unlock()
	texts := []string{}
	for _, m := range slices.Clone(c.received) {
		texts = append(texts, m.String())
	}
	return texts
}

func newPayload(p *hubv1.Payload) service.Payload {
	return service.Payload{Args: p.GetArgs(), Attachments: p.GetAttachments()}
}

func protoPayload(p service.Payload) *hubv1.Payload {
	return &hubv1.Payload{Args: p.Args, Attachments: p.Attachments}
}
