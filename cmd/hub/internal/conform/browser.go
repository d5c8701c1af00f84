package conform

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

const minute = time.Minute

var browsers atomic.Int64

// Browser is a socket that a case plays.
type Browser struct {
	t      *T
	att    *Attachment
	socket *hubv1.Socket
}

// browser is one that has not asked to get in.
func (a *Attachment) browser(namespace string) *Browser {
	n := browsers.Add(1)
	return &Browser{t: a.t, att: a, socket: &hubv1.Socket{
		Id: fmt.Sprintf("socket-%04d", n), Namespace: namespace, HubId: a.hub.ID, Transport: "websocket", ClientId: fmt.Sprintf("client-%d", n),
	}}
}

// attempt asks to get in.
func (b *Browser) attempt(auth string) *Given {
	d := newDelivery(&hubv1.Socket{Id: b.socket.Id, Namespace: b.socket.Namespace, HubId: b.socket.HubId, Transport: "websocket", ClientId: b.socket.ClientId})
	d.SubscriptionId = b.att.subscriptionFor(hubv1.Role_ROLE_AUTHORIZER, 0, b.socket.Namespace, "")
	d.Body = &hubv1.Delivery_ConnectAttempt{ConnectAttempt: &hubv1.ConnectAttempt{Auth: []byte(auth), Handshake: handshake()}}
	return b.att.deliver(d)[0]
}

func handshake() *hubv1.Handshake {
	return &hubv1.Handshake{
		Url: "/socket.io/?EIO=4&transport=websocket", Headers: []*hubv1.Header{{Name: "Host", Value: "conform"}},
		Query:         []*hubv1.QueryParameter{{Name: "EIO", Value: "4"}, {Name: "transport", Value: "websocket"}},
		RemoteAddress: "127.0.0.1", Transport: "websocket", ProtocolVersion: 4, IssueTime: someTime(),
	}
}

// join brings a browser in, with the user, rooms and data that the program gives it.
func (a *Attachment) join(auth string) *Browser { return a.joinTo("/", auth) }

func (a *Attachment) joinTo(namespace, auth string) *Browser {
	b := a.browser(namespace)
	s := b.attempt(auth).settlement("D10", "a decision about a connect attempt")
	a.t.check("D10", s.GetAccept() != nil, "an accept of "+auth, "%s", short(s))
	b.enter(s.GetAccept())
	return b
}

// enter introduces a socket that was let in.
func (b *Browser) enter(accept *hubv1.Accept) {
	if b.socket.User, b.socket.Data = accept.GetUser(), accept.GetData(); len(b.socket.Data) > 0 {
		b.socket.DataVersion = 1
	}
	if find(b.att.hello, hubv1.Role_ROLE_HANDLER, hubv1.Kind_KIND_CONNECTED, b.socket.Namespace, "") != nil {
		b.introduce(&hubv1.Connected{Rooms: accept.GetRooms()}).settlement("D6", "a connected that is settled")
	}
}

// introduce tells the program of the socket.
func (b *Browser) introduce(c *hubv1.Connected) *Given { return b.att.deliver(b.introduction(c))[0] }

func (b *Browser) introduction(c *hubv1.Connected) *hubv1.Delivery {
	d := newDelivery(b.socket)
	d.SubscriptionId = b.att.subscriptionFor(hubv1.Role_ROLE_HANDLER, hubv1.Kind_KIND_CONNECTED, b.socket.Namespace, "")
	c.ConnectTime, c.Handshake, c.RoomsVersion = someTime(), handshake(), max(c.RoomsVersion, 1)
	d.Body = &hubv1.Delivery_Connected{Connected: c}
	return d
}

// event is what the browser says, not yet delivered.
func (b *Browser) event(name, args string, attachments ...[]byte) *hubv1.Delivery {
	d := newDelivery(b.socket)
	d.SubscriptionId = b.att.subscriptionFor(hubv1.Role_ROLE_HANDLER, hubv1.Kind_KIND_EVENT, b.socket.Namespace, name)
	d.Body = &hubv1.Delivery_Event{Event: &hubv1.Event{
		Name: name, Payload: &hubv1.Payload{Args: []byte(args), Attachments: attachments}, WantsAck: true, ReceiveTime: someTime(),
	}}
	return d
}

// emit says something.
func (b *Browser) emit(name, args string, attachments ...[]byte) *Given {
	return b.att.deliver(b.event(name, args, attachments...))[0]
}

// ask says something and waits for the arguments of the answer.
func (b *Browser) ask(rule, name, args string) string {
	return argsOf(b.reply(rule, name, args))
}

// argsOf are the arguments of a payload: empty means [].
func argsOf(p *hubv1.Payload) string {
	if len(p.GetArgs()) == 0 {
		return "[]"
	}
	return string(p.GetArgs())
}

func (b *Browser) reply(rule, name, args string, attachments ...[]byte) *hubv1.Payload {
	return b.emit(name, args, attachments...).reply(rule)
}

// reply waits for the answer, which has to be one.
func (g *Given) reply(rule string) *hubv1.Payload {
	name := g.GetEvent().GetName() + g.GetServiceCall().GetName()
	s := g.settlement(rule, "an answer to `"+name+"`")
	g.att.t.check(rule, s.GetReply() != nil, "an answer to `"+name+"`", "%s", short(s))
	return s.GetReply().GetPayload()
}

// leave is the end of the socket.
func (b *Browser) leave() *Given {
	d := newDelivery(b.socket)
	d.SubscriptionId = b.att.subscriptionFor(hubv1.Role_ROLE_HANDLER, hubv1.Kind_KIND_DISCONNECTED, b.socket.Namespace, "")
	d.Body = &hubv1.Delivery_Disconnected{Disconnected: &hubv1.Disconnected{Reason: "transport close", CloseCode: 1001, DisconnectTime: someTime()}}
	return b.att.deliver(d)[0]
}

// hold makes a handler wait, and waits until it does.
func (b *Browser) hold(key string) *Given {
	g := b.emit("hold", "["+quote(key)+"]")
	b.att.logged("D3", `["hold",`+quote(key)+`]`)
	return g
}

// release lets handlers go on, from another socket, once one waits.
func (a *Attachment) release(key string) {
	deadline := time.Now().Add(a.t.opts.Patience)
	for sameJSON(a.ctl().ask("D3", "release", "["+quote(key)+"]"), "[0]") {
		if time.Now().After(deadline) {
			a.t.fail("D3", "a handler that waits for "+key, "none")
		}
		a.t.rest(20 * time.Millisecond)
	}
}

// ctl is a socket of the hub's own, for what is no part of the case.
func (a *Attachment) ctl() *Browser {
	if a.control == nil {
		a.control = a.join(`{}`)
	}
	return a.control
}

// log is what the program has noted.
func (a *Attachment) log() []string {
	var list [][]json.RawMessage
	got := a.ctl().ask("D3", "log", "[0]")
	if err := json.Unmarshal([]byte(got), &list); err != nil || len(list) != 1 {
		a.t.fail("", "the log as one argument, a list", "%.200s", got)
	}
	entries := make([]string, len(list[0]))
	for i, entry := range list[0] {
		entries[i] = string(entry)
	}
	return entries
}
