package v09

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// bench is a translator whose client has come.
type bench struct {
	translator
	t        *testing.T
	lost     []siopacket.Packet
	refusals []string // the limits for which a namespace was refused
	// charged are the packets on the way up that are only to be charged for.
	charged int
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t}
	b.translator = translator{
		json: siopacket.NewJSON(siopacket.Limits{}), dropped: func(p siopacket.Packet, _ error) { b.lost = append(b.lost, p) },
		refused: func(key string) { b.refusals = append(b.refusals, key) }, namespaces: 16, namespaceBytes: 256, maxPayload: 1_000_000,
	}
	b.begin()
	b.wantUp("40")
	return b
}

// says gives packets of the client, and expects none to be refused.
func (b *bench) says(texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		if err := b.payload([]byte(text), 100); err != nil {
			b.t.Fatalf("%s: %v", text, err)
		}
	}
	b.tell()
}

// tell tells what a link tells without its lock.
func (b *bench) tell() {
	for _, tell := range b.later {
		tell()
	}
	b.later = nil
}

// server gives packets of the server.
func (b *bench) server(packets ...string) {
	for _, p := range packets {
		text, binary := strings.CutPrefix(p, "b")
		b.fromServer(binary, []byte(text))
	}
	b.tell()
}

// wantUp takes what is on the way up, but for what is only to be charged for.
func (b *bench) wantUp(want ...string) {
	b.t.Helper()
	got := []string{}
	for rest := b.up; len(rest) > 0; {
		h, n := eiopacket.DecodeStreamHeader(rest)
		packet := string(rest[n : n+int(h.Len)])
		if eiopacket.Type(packet[0]) == eiopacket.Noop { // in place of what means nothing
			b.charged++
		} else {
			got = append(got, packet)
		}
		rest = rest[n+int(h.Len):]
	}
	b.up = nil
	b.compare("up", got, want)
}

func (b *bench) wantDown(want ...string) {
	b.t.Helper()
	got, bytes := []string{}, 0
	for _, p := range b.down {
		got = append(got, string(p))
		bytes += len(p) + packetCost
	}
	if bytes != b.downBytes {
		b.t.Errorf("%d bytes are counted as %d", bytes, b.downBytes)
	}
	b.down, b.downBytes = nil, 0
	b.compare("down", got, want)
}

func (b *bench) compare(way string, got, want []string) {
	b.t.Helper()
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		b.t.Errorf("%s: got %q, want %q", way, got, want)
	}
}

func TestTranslator_Up(t *testing.T) {
	for text, want := range map[string]string{
		"3:::hi \"you\"\n":                `42["message","hi \"you\"\n"]`,
		`4:::{"a": [1]}`:                  `42["message",{"a": [1]}]`,
		`5:::{"name":"x"}`:                `42["x"]`,
		`5:::{"name":"x","args":null}`:    `42["x"]`,
		`5:::{"args":[1,"b"],"name":"x"}`: `42["x",1,"b"]`,
		`5:7+::{"name":"x","args":[]}`:    `427["x"]`,
		`3:8+::t`:                         `428["message","t"]`,
		"6:::12":                          `4312[]`,
		`6:::12+["a",{}]`:                 `4312["a",{}]`,
		`6:::12+`:                         `4312[]`,
	} {
		b := newBench(t)
		b.server(`40{"sid":"s"}`)
		b.wantDown("1::")
		b.says(text)
		b.wantUp(want)
		b.wantDown()
		if b.charged > 0 {
			t.Errorf("%s: is charged for twice", text)
		}
	}
}

func TestTranslator_RefusesWhatIsNoPacket(t *testing.T) {
	for text, want := range map[string]error{
		"": ErrType, "5:::": ErrEvent, "5:::[]": ErrEvent, `5:::{"name":1}`: ErrEvent, `5:::{"args":[]}`: ErrEvent, `5:::{"name":"a","args":{}}`: ErrEvent,
		`5:::{"name":"a","args":` + strings.Repeat("[", 600) + strings.Repeat("]", 600) + `}`: ErrEvent,
		"4:::": ErrJSON, "4:::1,2": ErrJSON, "4:::1],[": ErrJSON, "4:::" + strings.Repeat("[", 600) + strings.Repeat("]", 600): ErrJSON,
		"6:::": ErrAck, "6:::a": ErrAck, "6:::1+{}": ErrAck, "6:::1+[": ErrAck, "6:::1+[]x": ErrAck, "�": ErrLength,
		strings.Repeat("�3�8::", 101): ErrPackets,
	} {
		b := newBench(t)
		b.server("40")
		if err := b.payload([]byte(text), 100); !errors.Is(err, want) {
			t.Errorf("%.60q: %v, want %v", text, err, want)
		}
		b.wantUp()
	}
}

// A heartbeat is answered once. What comes beyond that is of no use to anybody.
func TestTranslator_Heartbeat(t *testing.T) {
	b := newBench(t)
	b.says("2::")
	b.wantUp()
	for range 2 {
		b.server("2")
		b.says("2::", "2::")
		b.wantUp("3")
	}
}

// What is not passed on is charged for: a packet for a packet, a byte for a byte.
func TestTranslator_ChargesForWhatItDrops(t *testing.T) {
	count := func(up []byte) (packets, bytes int) {
		for rest := up; len(rest) > 0; packets++ {
			h, n := eiopacket.DecodeStreamHeader(rest)
			bytes += int(h.Len)
			rest = rest[n+int(h.Len):]
		}
		return packets, bytes
	}
	for _, text := range []string{
		"8::", "7:::2+0", "1::", "2::", "3::/never:x", "4::/never:1", "6::/never:1", "0::/never", "1::/" + strings.Repeat("x", 300), "1::/in",
		`5::/never:{"name":"` + strings.Repeat("x", 1000) + `"}`,
	} {
		b := newBench(t)
		b.server("40", "40/in,")
		b.endpoints["/in"] = joined
		b.says(text)
		if packets, bytes := count(b.up); packets != 1 || bytes != len(text) {
			t.Errorf("%.20s: %d packets of %d bytes", text, packets, bytes)
		}
	}
	b := newBench(t)
	b.says("1::/out")
	b.wantUp("40/out,")
	b.says("3::/out:1", "3::/out:2")
	b.wantUp()
	b.server(`44/out,{"message":"no"}`)
	if packets, _ := count(b.up); packets != 2 {
		t.Errorf("%d packets for what was held in vain", packets)
	}
}

func TestTranslator_Down(t *testing.T) {
	for packet, want := range map[string]string{
		"2":                         "2::",
		`42["x"]`:                   `5:::{"name":"x","args":[]}`,
		`42["x\"\n",1, {"a":"<"}]`:  `5:::{"name":"x\"\n","args":[1, {"a":"<"}]}`,
		`4212["x",1]`:               `5:12+::{"name":"x","args":[1]}`,
		`437["a"]`:                  `6:::7+["a"]`,
		`437[]`:                     `6:::7+[]`,
		"437[1,\n\"\u2028\u2029\"]": `6:::7+[1, "\u2028\u2029"]`,
		`41`:                        `0::`,
	} {
		b := newBench(t)
		b.server("40")
		b.wantDown("1::")
		b.server(packet)
		b.wantDown(want)
		if b.over != (packet == "41") {
			t.Error(packet, b.over)
		}
	}
}

func TestTranslator_SessionsOwnPacketsAreNotForTheClient(t *testing.T) {
	b := newBench(t)
	b.server(`0{"sid":"x"}`, "6", "3probe", "b\x01")
	b.wantDown()
	b.says("8::", "7:::1+0", "1::")
	b.wantUp()
}

func TestTranslator_EndpointsAreNamespaces(t *testing.T) {
	b := newBench(t)
	b.server("40")
	b.says("1::/chat?user=ada&user=eve&x=%20y", "1::/plain", "1::/plain")
	b.wantUp(`40/chat,{"user":"eve","x":" y"}`, `40/plain,`)
	b.server(`40/chat,{"sid":"s"}`, `44/plain,{"message":"no","data":{"code":1}}`)
	b.wantDown("1::", "1::/chat", "7::/plain:2")
	b.says("1::/chat")
	b.wantDown("1::/chat")
	b.says(`5:1+:/chat:{"name":"x"}`, "3::/plain:dropped", "3::/never:dropped", "6::/plain:1", `3:9:/plain:no receipt`)
	b.wantUp(`42/chat,1["x"]`)
	b.server(`43/chat,1[2]`, `42/chat,["y"]`)
	b.wantDown("6::/chat:1+[2]", `5::/chat:{"name":"y","args":[]}`)
	b.says("0::/chat", "3::/chat:late", "0::/chat")
	b.wantUp("41/chat,")
	b.server(`42/chat,["late"]`)
	b.wantDown()
	b.says("0::")
	b.wantUp("41", "1")
}

func TestTranslator_AcknowledgesByItselfWhereNoDataIsWanted(t *testing.T) {
	b := newBench(t)
	b.server("40")
	b.wantDown("1::")
	b.says("3:4::text")
	b.wantUp(`42["message","text"]`)
	b.wantDown("6:::4")
}

// A client does not wait until it has joined. What it sends to a namespace that it is refused must not end its session.
func TestTranslator_HoldsWhatIsForUndecidedEndpoints(t *testing.T) {
	b := newBench(t)
	b.says("3:::main", "1::/in", "1::/out", "3::/in:1", "3::/out:2", "3::/in:3")
	b.wantUp("40/in,", "40/out,")
	b.server("40/in,", `44/out,{"message":"no"}`, "40")
	b.wantUp(`42/in,["message","1"]`, `42/in,["message","3"]`, `42["message","main"]`)
	b.wantDown("1::/in", "7::/out:2", "1::")
	if b.heldBytes != 0 || b.held != nil {
		t.Error(b.heldBytes, b.held)
	}
}

func TestTranslator_HoldsSoMuchAtMost(t *testing.T) {
	b := newBench(t)
	b.says("1::/in")
	b.wantUp("40/in,")
	large := strings.Repeat("x", heldBytes/2)
	b.says("3::/in:"+large, "3:::main")
	b.wantUp()
	b.says("3::/in:"+large, "3::/in:more")
	b.wantUp(`42/in,["message","`+large+`"]`, `42/in,["message","`+large+`"]`, `42/in,["message","more"]`)
	if b.heldBytes > heldBytes {
		t.Error(b.heldBytes)
	}
	b.server("40/in,", "40")
	b.wantUp(`42["message","main"]`)
}

func TestTranslator_SoManyEndpointsAtMost(t *testing.T) {
	b := newBench(t)
	for n := 1; n < b.namespaces; n++ {
		b.says(fmt.Sprint("1::/", n))
	}
	b.wantDown()
	b.says("1::/more", "3::/more:lost")
	b.wantDown("7::/more:2")
	if !slices.Equal(b.refusals, []string{namespacesKey}) || len(b.endpoints) != b.namespaces {
		t.Error(b.refusals, len(b.endpoints))
	}
	b.says("0::/1", "1::/more")
	b.wantDown()
}

// A name that no namespace can have is not kept.
func TestTranslator_LongEndpointsAreRefused(t *testing.T) {
	b := newBench(t)
	long := "/" + strings.Repeat("x", b.namespaceBytes)
	b.says("1::"+long, "1::"+long[:b.namespaceBytes])
	b.wantDown("7::" + long + ":2")
	b.wantUp("40" + long[:b.namespaceBytes] + ",")
	if len(b.endpoints) != 2 || !slices.Equal(b.refusals, []string{nameBytesKey}) {
		t.Error(len(b.endpoints), b.refusals)
	}
}

// Who leaves twice has left once: what is not read yet does not grow by it.
func TestTranslator_LeavesOnce(t *testing.T) {
	b := newBench(t)
	b.server("40")
	b.says("0::", "0::", "0::")
	b.wantUp("41", "1")
}

func TestTranslator_DropsAttachments(t *testing.T) {
	b := newBench(t)
	b.server("40", `451-["file",{"_placeholder":true,"num":0}]`, "b\x01\x02", `461-3[{"_placeholder":true,"num":0}]`, "b\x01", `42["next"]`)
	b.wantDown("1::", `5:::{"name":"next","args":[]}`)
	if len(b.lost) != 2 || b.lost[0].Name != "file" || b.lost[1].Type != siopacket.Ack {
		t.Errorf("%+v", b.lost)
	}
}

func FuzzTranslator(f *testing.F) {
	for _, c := range packets {
		f.Add(c.text)
	}
	for _, text := range hostile {
		f.Add(text)
	}
	json := siopacket.NewJSON(siopacket.Limits{})
	f.Fuzz(func(t *testing.T, text string) {
		b := newBench(t)
		b.server("40")
		if len(text) == 0 || b.payload([]byte(strings.ToValidUTF8(text, "?")), 100) != nil {
			return
		}
		// Whatever is passed on is a packet of Engine.IO, and what is in a message is what siopacket may be given.
		for rest := b.up; len(rest) > 0; {
			h, n := eiopacket.DecodeStreamHeader(rest)
			p, err := eiopacket.Decode(rest[n : n+int(h.Len)])
			if err != nil || h.Binary {
				t.Fatalf("%q: up %q: %v", text, b.up, err)
			}
			if p.Type == eiopacket.Message {
				if _, _, err := json.Decode(p.Data, false); errors.Is(err, siopacket.ErrSyntax) || errors.Is(err, siopacket.ErrType) || errors.Is(err, siopacket.ErrPayload) {
					t.Fatalf("%q: up %q: %v", text, b.up, err)
				}
			}
			rest = rest[n+int(h.Len):]
		}
	})
}
