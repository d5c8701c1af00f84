package hostile

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// revision3Row is one POST in a session of revision 3 of Engine.IO.
type revision3Row struct {
	name, contentType, body string
	allow                   []Outcome
}

const (
	uri3       = "/socket.io/?EIO=3&transport=polling"
	typeText   = "text/plain;charset=UTF-8"
	typeOctets = "application/octet-stream"
	typeForm   = "application/x-www-form-urlencoded"
)

var sid3 = regexp.MustCompile(`"sid\\?":\\?"([^"\\]+)`)

// handshake3 opens a session with this in its query.
func (p *Probe) handshake3(more string) (sid string, answer Reply) {
	l := Line{Probe: p}
	answer = l.Do("GET", uri3+more, nil)
	if m := sid3.FindStringSubmatch(answer.body); m != nil {
		sid = m[1]
	}
	return sid, answer
}

func (p *Probe) post3(sid, more, contentType, body string) Reply {
	w := p.dial()
	return w.exchange([]byte(fmt.Sprintf("POST %s%s&sid=%s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		uri3, more, sid, p.Target.Addr, contentType, len(body), body)))
}

func (r revision3Row) attack(p *Probe) Outcome {
	more := ""
	if r.contentType == typeForm {
		more = "&b64=1&j=0"
	}
	sid, answer := p.handshake3(more)
	if sid == "" {
		return "handshake: " + answer.Outcome()
	}
	outcome := p.post3(sid, more, r.contentType, r.body).Outcome()
	// Nobody else is hurt: another session has its ping answered.
	other, _ := p.handshake3("")
	if alive := p.post3(other, "", typeText, "1:2").Outcome(); alive != "200" {
		return "beside it: " + alive
	}
	return outcome
}

func revision3Inputs() []Input {
	var all []Input
	for _, r := range append(payloadRows3(), fineRows3()...) {
		all = append(all, Input{Kind: "revision3", Name: r.name, Attack: r.attack, Allow: r.allow})
	}
	for _, j := range []string{
		"alert(1)", "0](alert(document.cookie));//", "</script><script>", "0\u2028", "%00", "-1", "1e9", "[]", "__proto__", strings.Repeat("9", 2000), "",
	} {
		all = append(all, Input{Kind: "revision3", Name: fmt.Sprintf("j %.30q", j), Allow: Outcomes("200"), Attack: func(p *Probe) Outcome { return scripted(p, j) }})
	}
	return all
}

var script3 = regexp.MustCompile(`^___eio\[[0-9]{0,10}\]\("[0-9]+:0\{(\\"|[^"\\])*\}"\);$`)

// scripted opens a session whose answers are scripts.
func scripted(p *Probe, j string) Outcome {
	_, answer := p.handshake3("&b64=1&j=" + url.QueryEscape(j))
	if answer.Status == 200 && (!script3.MatchString(answer.body) || !strings.HasPrefix(answer.header.Get("Content-Type"), "text/javascript")) {
		return Outcome(fmt.Sprintf("a script with something else in it: %.100q", answer.body))
	}
	return answer.Outcome()
}

// payloadRows3: what is no payload is refused as a whole.
func payloadRows3() (rows []revision3Row) {
	add := func(contentType string, bodies map[string]string) {
		for name, body := range bodies {
			rows = append(rows, revision3Row{name: name, contentType: contentType, body: body, allow: Outcomes("400")})
		}
	}
	add(typeText, map[string]string{
		"empty": "", "no length": "40", "a colon": ":", "a length alone": "1:", "a length without an end": "12345", "of revision 4": "42[\"x\"]\x1e42[\"y\"]",
		"too short": "6:42[\"x\"]", "too long": "9:42[\"x\"]", "junk behind": "1:2junk", "minus": "-1:2", "plus": "+1:2", "hexadecimal": "0x1:2", "exponent": "1e0:2", "a fraction": "1.0:2",
		"a space": " 1:2", "a line end": "\n1:2", "Arabic digits": "١:2", "full-width digits": "１:2", "NaN": "NaN:2", "Infinity": "Infinity:2", "a gigabyte": "1000000000:2",
		"beyond 64 bits": "18446744073709551617:2", "a thousand nines": strings.Repeat("9", 1000) + ":2", "a thousand zeros": strings.Repeat("0", 1000) + "1:2",
		"bytes for characters": "5:4€€", "half a character": "2:4😀", "not UTF-8": "2:4\xff", "overlong": "3:4\xc0\xb4", "type 7": "1:7", "a letter": "1:a", "NUL": "1:\x00",
		"b alone": "1:b", "b of another type": "2:b2", "b of bad base64": "4:b4!!", "too many packets": strings.Repeat("1:6", 70_000), "too many empty packets": strings.Repeat("0:", 70_000),
		"binary as text": "\x00\x01\xff2", "a form": "d=1%3A2",
	})
	add(typeOctets, map[string]string{
		"binary: empty": "", "binary: text": "1:2", "binary: a type alone": "\x00", "binary: no digits": "\x00\xff2", "binary: no end": "\x00\x01", "binary: no data": "\x00\x01\xff",
		"binary: another type": "\x02\x01\xff2", "binary: ASCII digits": "\x001\xff2", "binary: cut": "\x00\x05\xff42", "binary: junk behind": "\x00\x01\xff2junk",
		"binary: a gigabyte": "\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\x04", "binary: a thousand digits": "\x00" + strings.Repeat("\x09", 1000) + "\xff2",
		"binary: digits without end": strings.Repeat("\x01", 100_000), "binary: not UTF-8": "\x00\x02\xff4\xff", "binary: an empty text": "\x00\x00\xff", "binary: an empty binary": "\x01\x00\xff",
		"binary: a binary ping": "\x01\x01\xff\x02", "binary: too many": strings.Repeat("\x00\x01\xff6", 70_000), "binary: 0xff": "\xff\xff\xff",
	})
	add(typeForm, map[string]string{
		"form: empty": "", "form: no field": "1:2", "form: another field": "e=1:2", "form: an empty field": "d=", "form: junk": "d=junk", "form: bad escapes": "d=%%%", "form: cut escape": "d=1:2%",
		"form: not UTF-8": "d=2:4%ff", "form: backslashes": `d=` + strings.Repeat(`\`, 1000), "form: thousands of fields": strings.Repeat("d=x&", 10_000),
	})
	return rows
}

// fineRows3 are strange and yet right, or for the session alone.
func fineRows3() []revision3Row {
	return []revision3Row{
		{"nothing in it", typeText, "0:", Outcomes("200")},
		{"pings", typeText, strings.Repeat("1:2", 100), Outcomes("200")},
		{"leading zeros", typeText, "0001:2", Outcomes("200")},
		{"a pong", typeText, "1:3", Outcomes("200")},
		{"a lone surrogate", typeText, "2:6\xed\xa0\x80", Outcomes("200")},
		{"close", typeText, "1:1", Outcomes("200")},
		{"a message of junk", typeText, "5:4junk", Outcomes("200")},
		{"a second connect", typeText, "2:40", Outcomes("200")},
		{"a query of nothing", typeText, "11:40/nowhere?,", Outcomes("400")},
		{"a query of everything", typeText, fmt.Sprintf("%d:40/?%s,", 5+5000, strings.Repeat("%00&=", 1000)), Outcomes("200")},
		{"form: newlines", typeForm, `d=3:6\n1:2`, Outcomes("400")},
		{"form: a ping", typeForm, `x=y&d=1%3A2`, Outcomes("200")},
	}
}
