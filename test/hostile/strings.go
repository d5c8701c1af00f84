package hostile

import (
	"fmt"
	"net/url"
	"strings"
)

// stringInputs: every string of a browser that travels to the service may hold
// bytes that are not UTF-8. Nobody's stream ends, and what the server sends on is
// UTF-8 (session.next looks).
func stringInputs() []Input {
	var all []Input
	for name, bad := range badText {
		q := url.QueryEscape(bad)
		for place, row := range map[string]handshakeRow{
			"query value":   {query: "&x=" + q},
			"query name":    {query: "&" + q + "=x"},
			"header value":  {headers: []string{"X-A: a" + bad + "b"}},
			"cookie":        {headers: []string{"Cookie: a=" + bad}},
			"origin":        {headers: []string{"Origin: http://" + bad + ".example"}},
			"user agent":    {headers: []string{"User-Agent: " + bad}},
			"forwarded for": {headers: []string{"X-Forwarded-For: " + bad}},
		} {
			if (len(name)+len(place))%3 != 0 { // a third is enough of each
				continue
			}
			for transport, overPolling := range map[string]bool{"polling": true, "websocket": false} {
				all = append(all, Input{Kind: "http", Name: fmt.Sprintf("handshake with %s in the %s over %s", name, place, transport), Attack: row.attack(overPolling),
					Allow: Outcomes(Open, "refused"), reference: Outcomes(Closed)})
			}
		}
	}
	return append(all, badTextInPackets()...)
}

// handshakeRow is a handshake with something odd in it, which then joins.
type handshakeRow struct {
	query   string
	headers []string
}

func (r handshakeRow) attack(overPolling bool) func(*Probe) Outcome {
	return func(p *Probe) Outcome {
		w := p.dial()
		if overPolling {
			a := w.exchange([]byte(strings.ReplaceAll(get(pollingPath+r.query, r.headers...), "{host}", p.Target.Addr)))
			if a.Status == 400 {
				return "refused"
			}
			sid, err := parseOpen(a.body)
			if err != nil {
				return a.Outcome()
			}
			return joins(&PollingSession{probe: p, get: Line{Probe: p}, post: Line{Probe: p}, SID: sid})
		}
		a := w.exchange([]byte(strings.ReplaceAll(Upgrading(WebSocketPath+r.query, r.headers...), "{host}", p.Target.Addr)))
		if a.Status != 101 {
			return "refused"
		}
		s := &WebSocketSession{Wire: w}
		if _, err := s.Read(); err != nil {
			return Ended(err)
		}
		return joins(s)
	}
}

// badTextInPackets goes over polling alone; on WebSocket such text is a 1007.
func badTextInPackets() []Input {
	var all []Input
	add := func(name string, row packetRow) {
		row.allow = whatever
		all = append(all, Input{Kind: "packets", Name: name + " over polling", Attack: row.attack(true), Allow: row.allow})
	}
	for name, bad := range badText {
		add("event name with "+name, packetRow{packets: []any{`2["m` + bad + `",1]`}})
		add("argument with "+name, packetRow{packets: []any{`2["message","` + bad + `"]`}})
		add("namespace with "+name, packetRow{packets: []any{"0/n" + bad + ","}})
		add("acknowledged argument with "+name, packetRow{packets: []any{`25["message-with-ack","` + bad + `"]`}})
		add("auth with "+name, packetRow{packets: []any{`0{"a":"` + bad + `"}`}, unjoined: true, after: func(s Session) Outcome { return Ended(joined(s)) }})
	}
	return all
}
