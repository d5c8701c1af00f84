package hostile

import (
	"fmt"
	"strings"
)

// pollingRow is one POST in a joined session.
type pollingRow struct {
	name, body string
	// replies are what the session says before it proves that it is alive.
	replies []string
	// flood is more than a browser's share: not all of it has to be answered.
	flood     bool
	allow     []Outcome
	reference []Outcome
}

func (r pollingRow) attack(p *Probe) Outcome {
	s := Must(p.Polling())
	if err := join(s); err != nil {
		return Ended(err)
	}
	s.PostBody([]byte(r.body))
	switch s.LastPost {
	case "200", "400", "413", "400/1", "400/3", Dropped:
	default:
		return "POST " + s.LastPost
	}
	if r.flood {
		return aliveAfterFlood(s, r.replies...)
	}
	return alive(s, r.replies...)
}

func pollingInputs() []Input {
	var all []Input
	for _, r := range append(payloadRows(), floodRows()...) {
		all = append(all, Input{Kind: "polling", Name: r.name, Attack: r.attack, Allow: r.allow, reference: r.reference})
	}
	return append(all, requestInputs()...)
}

// payloadRows: what is no payload ends the session, what nobody asked for is
// passed over.
func payloadRows() []pollingRow {
	var rows []pollingRow
	for name, body := range map[string]string{
		"empty": "", "a separator": "\x1e", "separators": strings.Repeat("\x1e", 50), "a packet and a separator": "6\x1e", "a separator and a packet": "\x1e6",
		"an empty packet between": "6\x1e\x1e6", "type 7": "7", "type 8": "8data", "type 9": "9", "a letter": "a", "Z": "Zoo", "a colon": ":", "minus one": "-1",
		"JSON": `{"type":4}`, "an array": "[4]", "null": "null", "undefined": "undefined", "NUL": "\x00", "NULs": strings.Repeat("\x00", 1000), "DEL": "\x7f",
		"an umlaut": "é", "a full-width four": "４0", "an Arabic four": "٤0", "an emoji": "😀", "BOM": "\ufeff40", "a space": " 40", "a line end": "\n40",
		"v3 text framing": "2:40", "v3 text framing of an event": "11:42[\"x\",\"y\"]", "v3 two packets": "2:402:40", "v3 huge length": "99999999999:40",
		"v3 binary framing": "\x00\x02\xff40", "v3 binary": "\x01\x04\xff\x04abc", "JSONP": "d=40", "JSONP escaped": "d=4%30",
		"a form": "a=b&c=d", "XML": "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>",
		"HTTP": "GET / HTTP/1.1\r\n\r\n", "msgpack": "\x84\xa4type\x00", "0xff": "\xff\xfe\xfd", "UTF-16": "\xff\xfe4\x000\x00", "overlong": "\xc0\xb4\xc0\xb0",
		"b alone": "b", "b with junk": "b!!!!", "b with spaces": "b    ", "b with one letter": "bA", "b with padding only": "b====", "b unannounced": "bAQIDBA==",
		"b unannounced, empty": "b\x1e6", "B in upper case": "BAQID", "ping": "2", "ping with data": "2probe", "ping with a lot": "2" + strings.Repeat("x", 10000),
		"close": "1", "close with data": "1bye", "close and an event": "1\x1e42[\"message\",1]", "an event, then close": "42[\"x\"]\x1e1",
		"message alone": "4", "message of junk": "4junk", "junk behind an event": "42[\"x\"]\x1ejunk", "junk behind a thousand noops": strings.Repeat("6\x1e", 1000) + "junk",
		"a million NULs": strings.Repeat("\x00", MaxPayload), "900 kB of one letter": strings.Repeat("z", 900_000), "900 kB of base64 junk": "b" + strings.Repeat("A", 899_999),
		"100000 separators": strings.Repeat("\x1e", 100_000),
	} {
		rows = append(rows, pollingRow{name: "payload " + name, body: body, allow: Outcomes(Closed)})
	}
	for name, body := range map[string]string{
		"pong": "3", "pong with data": "3probe", "two pongs": "3\x1e3", "noop": "6", "noop with data": "6xyz", "open": "0", "open with data": `0{"sid":"x"}`,
		"upgrade": "5", "upgrade with data": "5x", "v3 framing that reads as open": "0:", "v3 framing that reads as noop": "6:b4AQID", "open, noop, upgrade, pong": "0\x1e6\x1e5\x1e3", "noop of 900 kB": "6" + strings.Repeat("x", 900_000),
		"pong with NUL": "3\x00",
	} {
		rows = append(rows, pollingRow{name: "unasked " + name, body: body, allow: Outcomes(Open)})
	}
	return append(rows, pollingRow{name: "unasked noop of 0xff", body: "6\xff\xfe", allow: Outcomes(Open, Closed)})
}

// floodRows: many small things in one payload.
func floodRows() []pollingRow {
	either := Outcomes(Open, Closed)
	return []pollingRow{
		{name: "100000 pongs", body: strings.TrimSuffix(strings.Repeat("3\x1e", 100_000), "\x1e"), allow: either},
		{name: "300000 noops", body: strings.TrimSuffix(strings.Repeat("6\x1e", 300_000), "\x1e"), allow: either},
		{name: "100000 opens", body: strings.TrimSuffix(strings.Repeat("0\x1e", 100_000), "\x1e"), allow: either},
		{name: "20000 events that nobody answers", flood: true, body: strings.TrimSuffix(strings.Repeat("42[\"x\"]\x1e", 20_000), "\x1e"), allow: either},
		{name: "100000 empty messages", body: strings.TrimSuffix(strings.Repeat("4\x1e", 100_000), "\x1e"), allow: Outcomes(Closed)},
		{name: "100000 binaries", body: strings.TrimSuffix(strings.Repeat("b\x1e", 100_000), "\x1e"), allow: Outcomes(Closed)},
		{name: "50000 pings", body: strings.TrimSuffix(strings.Repeat("2\x1e", 50_000), "\x1e"), allow: Outcomes(Closed)},
		{name: "30000 unknown namespaces", body: strings.TrimSuffix(strings.Repeat("40/x,\x1e", 30_000), "\x1e"), allow: append(either, OtherReplies+"*")},
		{name: "2000 disconnects", body: strings.TrimSuffix(strings.Repeat("41\x1e", 2_000), "\x1e"), allow: Outcomes(Closed)},
	}
}

// requestInputs: requests that get into each other's way.
func requestInputs() []Input {
	var all []Input
	add := func(name string, attack func(*Probe) Outcome, allow ...Outcome) {
		all = append(all, Input{Kind: "polling", Name: name, Attack: attack, Allow: allow})
	}
	for _, upToDate := range []bool{false, true} {
		name := map[bool]string{false: "before joining", true: "after joining"}[upToDate]
		prepared := func(f func(*Probe, *PollingSession) Outcome) func(*Probe) Outcome {
			return func(p *Probe) Outcome {
				s := Must(p.Polling())
				if upToDate {
					if err := join(s); err != nil {
						return Ended(err)
					}
				}
				return f(p, s)
			}
		}
		add("two GETs "+name, prepared(twoGets), "first released, second 400, closed")
		add("five GETs "+name, prepared(fiveGets), "closed")
		add("two POSTs "+name, prepared(twoPosts), "second 400, first released, closed")
		add("GET broken by FIN "+name, prepared(brokenGet((*Wire).hangUpAll)), "closed")
		add("GET broken by RST "+name, prepared(brokenGet((*Wire).Reset)), "closed")
		add("POST broken by FIN "+name, prepared(brokenPost((*Wire).hangUpAll)), "closed")
		add("POST broken by RST "+name, prepared(brokenPost((*Wire).Reset)), "closed")
		add("POST broken before its body "+name, prepared(brokenPost(nil)), "closed")
		add("close with a GET pending "+name, prepared(closedGet), "released, closed")
		add("GET and POST after close "+name, prepared(afterClose), "400/1 400/1 400/1")
		add("too long a POST with a GET pending "+name, prepared(tooLongPost), "413 closed", "413 open")
		add("pipelined GETs "+name, prepared(pipelinedGets), "closed", "open")
		add("pipelined POSTs "+name, prepared(pipelinedPosts), "open", "closed")
		add("octet-stream with a GET pending "+name, prepared(octetStream), "400, released, closed")
	}
	for _, n := range []int{10, 100} {
		add(fmt.Sprintf("%d sessions opened and left", n), func(p *Probe) Outcome {
			for range n {
				Must(p.Polling())
			}
			return Sent
		}, Sent)
		add(fmt.Sprintf("%d handshakes reset at once", n), func(p *Probe) Outcome {
			for range n {
				w := p.dial()
				w.Say([]byte(strings.ReplaceAll(get(pollingPath), "{host}", p.Target.Addr)))
				w.Reset()
			}
			return Sent
		}, Sent)
	}
	return all
}
