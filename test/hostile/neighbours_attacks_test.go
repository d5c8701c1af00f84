package hostile_test

import (
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/test/hostile"
	"github.com/siohub/siohub/test/hostile/services"
)

// neighbour is a service or a browser that takes as much as it can, for as long as its
// process lives.
type neighbour struct {
	name  string
	count int // how many do it at the same time
	// attack does it once; it is called again and again.
	attack func(p *hostile.Probe)
}

// neighbours are the kinds of such services.
func neighbours() []neighbour {
	return []neighbour{
		{"nothing but a processor", attackers, spin},
		{"16 384 empty actions an envelope", attackers, says(true, strings.Repeat("\x1a\x00", 16_384))},
		{"16 384 empty actions, answers unread", attackers, says(false, strings.Repeat("\x1a\x00", 16_384))},
		{"4 MiB of two-byte actions", attackers, says(true, strings.Repeat("\x1a\x00", 2<<20))},
		{"envelopes of one heartbeat", attackers, says(true, envelopeOf(1, beat))},
		{"settlements that nobody asked for", attackers, says(true, envelopeOf(4000, strayed))},
		{"commands that cannot be", attackers, says(true, envelopeOf(4000, impossible))},
		{"emits to rooms without end", attackers, saysNew(room)},
		{"idempotency keys without end", attackers, saysNew(keyed)},
		{"valid emits, one an envelope", attackers, says(true, envelopeOf(1, valid))},
		{"valid emits, 1000 an envelope", attackers, says(true, envelopeOf(1000, valid))},
		{"emits of 1 MiB", attackers, says(true, envelopeOf(1, large))},
		{"emits with 200 000 rooms", attackers, says(true, envelopeOf(1, wide(200_000)))},
		{"emits with 16 000 rooms", attackers, says(true, envelopeOf(1, wide(16_000)))},
		{"streams opened and closed", attackers, opens},
		{"connections opened and closed", attackers, connects},
		{"calls of 1000 commands", attackers, calls(callOf(1000))},
		{"calls of 4 MiB of two-byte commands", attackers, calls(strings.Repeat("\x0a\x00", 2<<20-1))},
		{"calls whose answers are not read", attackers, unread},
	}
}

// spin shows what of a ratio is the machine's: it does not know the hub.
func spin(*hostile.Probe) {
	blow()
	for until := time.Now().Add(time.Second); time.Now().Before(until); {
	}
}

// says sends an envelope again and again.
func says(reads bool, envelope string) func(*hostile.Probe) {
	return func(p *hostile.Probe) {
		a := services.Attached(p)
		if reads {
			go readAll(a.Stream)
		}
		for a.Stream.SendMsg([]byte(envelope)) == nil {
			blow()
		}
	}
}

// saysNew sends envelopes of 1000 commands of which none comes twice.
func saysNew(make func(n int) *hubv1.Command) func(*hostile.Probe) {
	return func(p *hostile.Probe) {
		a := services.Attached(p)
		go readAll(a.Stream)
		for n := 0; ; n += 1000 {
			e := &hubv1.AttachRequest{}
			for i := range 1000 {
				e.Actions = append(e.Actions, services.Command(0, make(n+i)))
			}
			if a.Stream.SendMsg(services.Encode(e)) != nil {
				return
			}
			blow()
		}
	}
}

func readAll(s grpc.ClientStream) {
	var b []byte
	for s.RecvMsg(&b) == nil {
	}
}

func envelopeOf(n int, action func(n int) *hubv1.Action) string {
	e := &hubv1.AttachRequest{}
	for i := range n {
		e.Actions = append(e.Actions, action(i))
	}
	return string(services.Encode(e))
}

func callOf(n int) string {
	e := &hubv1.ExecuteRequest{}
	for i := range n {
		e.Commands = append(e.Commands, room(i))
	}
	return string(services.Encode(e))
}

func beat(int) *hubv1.Action {
	return &hubv1.Action{Kind: &hubv1.Action_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}}
}

func strayed(n int) *hubv1.Action {
	return &hubv1.Action{Kind: &hubv1.Action_Settlement{Settlement: &hubv1.Settlement{
		DeliverySeq: uint64(n + 1), Outcome: &hubv1.Settlement_Done{Done: &hubv1.Done{}}}}}
}

func impossible(n int) *hubv1.Action {
	return services.Command(uint64(n+1), services.Emit(nil, "x", "["))
}

func valid(int) *hubv1.Action {
	return services.Command(1, services.Emit(&hubv1.Target{Namespace: "/neighbour", All: true}, "x", `["hello"]`))
}

func large(int) *hubv1.Action {
	return services.Command(1, services.Emit(&hubv1.Target{Namespace: "/neighbour", All: true}, "x", `["`+strings.Repeat("x", 1<<20)+`"]`))
}

// wide is an emit to n rooms.
func wide(n int) func(int) *hubv1.Action {
	a := services.Command(1, services.Emit(&hubv1.Target{Namespace: "/neighbour", Rooms: services.Many("r", n)}, "x", "[]"))
	return func(int) *hubv1.Action { return a }
}

func room(n int) *hubv1.Command {
	return services.Emit(&hubv1.Target{Namespace: "/neighbour", Rooms: []string{fmt.Sprint("room", n)}}, "x", `["hello"]`)
}

func keyed(n int) *hubv1.Command {
	c := room(n)
	c.IdempotencyKey = fmt.Sprint("key", n, time.Now().UnixNano())
	return c
}

// opens opens streams of one connection, each for a moment.
func opens(p *hostile.Probe) {
	conn := services.DialControl(p)
	for range 1000 {
		a := services.AttachOn(p, conn)
		a.Do(&hubv1.Action{Kind: &hubv1.Action_Hello{Hello: a.Hello()}})
		var b []byte
		_ = a.Stream.RecvMsg(&b)
		a.Cancel()
		blow()
	}
}

// connects does the same, each on a connection of its own.
func connects(p *hostile.Probe) {
	a := services.Attach(p)
	a.Do(&hubv1.Action{Kind: &hubv1.Action_Hello{Hello: a.Hello()}})
	var b []byte
	_ = a.Stream.RecvMsg(&b)
	a.Cancel()
	blow()
}

// calls executes without a stream.
func calls(request string) func(*hostile.Probe) {
	return func(p *hostile.Probe) {
		ctx, _ := services.CallContext(p)
		conn := services.DialControl(p)
		for range 1000 {
			var answer []byte
			_ = conn.Invoke(ctx, hubv1.ControlService_Execute_FullMethodName, []byte(request), &answer, grpc.ForceCodecV2(services.RawCodec{}))
			blow()
		}
	}
}

// unread asks for sockets and reads nothing of the answer.
func unread(p *hostile.Probe) {
	ctx, cancel := services.CallContext(p)
	conn := services.DialControl(p)
	request := services.Encode(&hubv1.FetchSocketsRequest{Fetch: &hubv1.Fetch{Target: &hubv1.Target{Namespace: "/", All: true}}})
	for range 1000 {
		var streams [8]grpc.ClientStream
		for i := range streams {
			streams[i] = hostile.Must(conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, hubv1.ControlService_FetchSockets_FullMethodName, grpc.ForceCodecV2(services.RawCodec{})))
			_ = streams[i].SendMsg(request)
			_ = streams[i].CloseSend()
			blow()
		}
		cancel()
		ctx, cancel = services.CallContext(p)
	}
}
