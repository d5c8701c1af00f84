package conform

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// byteExact are arguments as browsers may write them.
var byteExact = []string{
	`[]`, `[1.0,1e2,-0,0.10]`, `["a/b","\/","\u0041","é","\u00e9"]`, `[{"b":1,"a":2,"b":3}]`, `[ 1 , { "x" : [ ] } ]`,
	`[12345678901234567890,1e400]`, `["\ud800"]`, `["\u0000\u2028<>&"]`, `[null,true,false,""]`,
}

// valuesOf are arguments that survive being decoded.
var valuesOf = []string{
	`[]`, `[null]`, `[true,false,0,-1,0.5]`, `[9007199254740991,-9007199254740991]`, `[1.7976931348623157e308,5e-324,0.1]`,
	`["","a","ünïcödé","日本","\ud83d\ude00","\u0000","\u2028\u2029","<>&'\"\\/"]`, `[[],[[]],{},{"a":{"b":[{"c":null}]}}]`,
	`[{"":1,"a b":2,"__proto__":3,"constructor":4,"toString":5}]`, `["1",1,"null",null]`, `["a","b","c","d","e","f","g","h","i"]`,
}

var payloadCases = []*Case{
	{Name: "payloads/raw", Rules: []string{"P1"}, About: "A payload that is passed on unseen is the same byte for byte.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		for _, args := range byteExact {
			got := b.ask("P1", "raw", args)
			t.check("P1", got == args, args, "%s", got)
		}
	}},
	{Name: "payloads/raw-binary", Rules: []string{"P1", "P3"}, About: "Attachments of a payload that is passed on unseen are the same.", run: func(t *T) {
		_, a := t.one()
		args := `[{"_placeholder":true,"num":0},{"deep":[{"num":1,"_placeholder":true}]}]`
		got := a.join(`{}`).reply("P1", "raw", args, []byte{0, 255, 1}, []byte{})
		ok := string(got.GetArgs()) == args && len(got.GetAttachments()) == 2 && bytes.Equal(got.GetAttachments()[0], []byte{0, 255, 1}) && len(got.GetAttachments()[1]) == 0
		t.check("P1", ok, args+" and its attachments", "%s", short(got))
	}},
	{Name: "payloads/values", Rules: []string{"P2"}, About: "Values survive being decoded and encoded.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		for _, args := range valuesOf {
			got := b.ask("P2", "echo", args)
			t.check("P2", sameJSON(got, args), args, "%s", got)
		}
	}},
	{Name: "payloads/deep", Rules: []string{"P2"}, About: "Values that are nested 200 levels deep survive.", run: func(t *T) {
		_, a := t.one()
		args := "[" + strings.Repeat(`{"a":[`, 100) + strings.Repeat(`]}`, 100) + "]"
		got := a.join(`{}`).ask("P2", "echo", args)
		t.check("P2", sameJSON(got, args), "the same", "%.200s", got)
	}},
	{Name: "payloads/binary", Rules: []string{"P3"}, About: "Binary at any depth survives being decoded and encoded.", run: func(t *T) {
		_, a := t.one()
		args := `[{"_placeholder":true,"num":0},{"a":[{"_placeholder":true,"num":1},"x"]},[[{"num":2,"_placeholder":true}]]]`
		sent := [][]byte{{1, 2, 3}, {}, bytes.Repeat([]byte{200}, 100_000)}
		got := a.join(`{}`).reply("P3", "echo", args, sent...)
		want, seen := seats(args, sent), seats(string(got.GetArgs()), got.GetAttachments())
		t.check("P3", want == seen, "the same binary at the same places", "%.300s", got.GetArgs())
	}},
	{Name: "payloads/binary-made", Rules: []string{"P3"}, About: "Binary that the program makes is an attachment with its placeholder.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		for _, n := range []int{0, 1, 70_000} {
			got := b.reply("P3", "bytes", fmt.Sprintf("[%d]", n))
			ok := len(got.GetAttachments()) == 1 && len(got.GetAttachments()[0]) == n && sameJSON(string(got.GetArgs()), `[{"at":{"_placeholder":true,"num":0}}]`)
			t.check("P3", ok, fmt.Sprintf("one attachment of %d bytes", n), "%s with %d attachments", got.GetArgs(), len(got.GetAttachments()))
		}
	}},
	{Name: "payloads/like-placeholders", Rules: []string{"P3"}, About: "What looks like a placeholder, and is none, is passed on.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		for _, args := range []string{
			`["{\"_placeholder\":true,\"num\":0}"]`, `[{"_placeholder":false,"num":0}]`, `[{"_placeholder":"true","num":0}]`, `[{"num":0}]`,
		} {
			got := b.reply("P3", "echo", args)
			t.check("P3", sameJSON(argsOf(got), args) && len(got.GetAttachments()) == 0, args, "%s with %d attachments", got.GetArgs(), len(got.GetAttachments()))
		}
		for _, args := range []string{`[{"_placeholder":true,"num":0}]`, `[{"_placeholder":true,"num":-1}]`, `[{"_placeholder":true,"num":1e9}]`} {
			b.emit("echo", args).settlement("P3", "a settlement of "+args+" without an attachment")
		}
		b.ask("P3", "echo", `[1]`)
	}},
	{Name: "payloads/lone-surrogate", Rules: []string{"P7", "P4"}, About: "A browser's lone surrogate is no harm.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		for _, args := range []string{`["\ud800"]`, `["\udfff x \ud83d"]`, `[{"\udead":1}]`} {
			b.emit("echo", args).settlement("P7", "a settlement")
		}
		a.browser("/").attempt(`{"user":"bad\ud800"}`).settlement("P4", "a decision")
		b.ask("P7", "echo", `[1]`)
		t.check("P7", len(a.hub.streams) == 1, "the same stream", "%d streams", len(a.hub.streams))
	}},
	{Name: "payloads/3-MiB", Rules: []string{"P5"}, About: "An event of 3 MiB is taken, and an answer of 3 MiB given.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		args := `["` + strings.Repeat("x", 3<<20) + `"]`
		got := b.ask("P5", "echo", args)
		t.check("P5", got == args, "3 MiB", "%d bytes", len(got))
		got = b.ask("P5", "size", fmt.Sprintf("[%d]", 3<<20))
		t.check("P5", got == args, "3 MiB", "%d bytes", len(got))
		binary := bytes.Repeat([]byte{7}, 3<<20)
		p := b.reply("P5", "raw", `[{"_placeholder":true,"num":0}]`, binary)
		t.check("P5", len(p.GetAttachments()) == 1 && bytes.Equal(p.GetAttachments()[0], binary), "3 MiB of binary", "%d attachments", len(p.GetAttachments()))
	}},
	{Name: "payloads/3-MiB-emit", Rules: []string{"P5"}, About: "A command of 3 MiB is sent.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		got := b.ask("P5", "do", `[{"op":"emit_result","all":true,"event":"x","args":["`+strings.Repeat("y", 3<<20)+`"]}]`)
		t.check("P5", member(element(got, 0), "matched") == "1", "a result", "%s", got)
		emit := a.lastEmit("x")
		t.check("P5", len(emit.GetPayload().GetArgs()) == 3<<20+4, "3 MiB", "%d bytes", len(emit.GetPayload().GetArgs()))
	}},
}

// seats are the arguments with each binary in its place.
func seats(args string, attachments [][]byte) string {
	var value any
	if err := json.Unmarshal([]byte(args), &value); err != nil {
		return err.Error()
	}
	seated, _ := json.Marshal(seat(value, attachments)) // it was JSON
	return string(seated)
}

func seat(value any, attachments [][]byte) any {
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = seat(v[i], attachments)
		}
	case map[string]any:
		if n, ok := v["num"].(float64); ok && placeholders(v) == 1 && int(n) < len(attachments) && n >= 0 {
			return fmt.Sprintf("%d bytes, %x", len(attachments[int(n)]), sha256.Sum256(attachments[int(n)]))
		}
		for name := range v {
			v[name] = seat(v[name], attachments)
		}
	}
	return value
}

// lastEmit is the last emit of an event.
func (a *Attachment) lastEmit(event string) *hubv1.Emit {
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	q := lastAsked(a, func(c *hubv1.Command) bool { return c.GetEmit().GetEvent() == event })
	if q == nil {
		return nil
	}
	return q.GetEmit()
}
