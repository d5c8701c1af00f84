package hubtest

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/internal/eiopacket"
)

// In revision 3 a binary message has its type in front: a Browser adds it, and takes it away, so that a test says the
// same in both revisions.

// split3 takes a payload apart that is text, binary or a script.
func split3(t testing.TB, a Answer) (packets []string) {
	t.Helper()
	payload := []byte(a.Body)
	if _, call, ok := strings.Cut(a.Body, "]("); ok && strings.HasPrefix(a.Body, "___eio[") {
		var text string
		if err := json.Unmarshal([]byte(strings.TrimSuffix(call, ");")), &text); err != nil {
			t.Errorf("hubtest: script %q: %v", a.Body, err)
		}
		payload = []byte(text)
	}
	if !strings.HasPrefix(a.Header.Get("Content-Type"), "application/octet-stream") {
		var err error
		if payload, _, err = eiopacket.Binary3(nil, payload, 1<<20); err != nil {
			t.Errorf("hubtest: payload %q: %v", a.Body, err)
			return nil
		}
	}
	for len(payload) > 0 {
		one, binary, rest, err := eiopacket.Cut3(payload)
		if err != nil {
			t.Errorf("hubtest: payload %q: %v", a.Body, err)
			return packets
		}
		if packet := string(one); binary {
			packets = append(packets, Binary(one[1:]))
		} else if text, ok := strings.CutPrefix(packet, "b4"); ok {
			packets = append(packets, "b"+text)
		} else {
			packets = append(packets, packet)
		}
		payload = rest
	}
	return packets
}

// join3 makes a text payload.
func join3(packets []string) string {
	var payload []byte
	for _, p := range packets {
		if text, ok := strings.CutPrefix(p, "b"); ok {
			p = "b4" + text
		}
		payload = eiopacket.AppendText3(payload, []byte(p))
	}
	return string(payload)
}

// withType puts the type in front of a binary message in text form.
func withType(packet string) string {
	text, ok := strings.CutPrefix(packet, "b")
	data, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil {
		return packet
	}
	return Binary(eiopacket.AppendBinary3(nil, data))
}

// withoutType takes it away.
func withoutType(t testing.TB, packet string) string {
	text, ok := strings.CutPrefix(packet, "b")
	if !ok {
		return packet
	}
	if encoded, ok := strings.CutPrefix(text, "4"); ok { // as text: the frame was none
		return "b" + encoded
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(data) == 0 || data[0] != 4 {
		t.Errorf("hubtest: binary message %q without its type", packet)
		return packet
	}
	return Binary(data[1:])
}
