package hostile

import (
	"fmt"
	"net/url"
	"strings"
)

// stringInputs: every string of a browser that travels to the service may hold
// bytes that are not UTF-8. Nobody's stream ends, and what the server sends on is
// UTF-8 (session.next looks).
func stringInputs() []input {
	var all []input
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
				all = append(all, input{kind: "http", name: fmt.Sprintf("handshake with %s in the %s over %s", name, place, transport), attack: row.attack(overPolling),
					allow: outcomes(open, "refused"), reference: outcomes(closed)})
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

func (r handshakeRow) attack(overPolling bool) func(*probe) outcome {
	return func(p *probe) outcome {
		w := p.dial()
		if overPolling {
			a := w.exchange([]byte(strings.ReplaceAll(get(pollingPath+r.query, r.headers...), "{host}", p.target.addr)))
			if a.status == 400 {
				return "refused"
			}
			sid, err := parseOpen(a.body)
			if err != nil {
				return a.outcome()
			}
			return joins(&pollingSession{probe: p, get: line{probe: p}, post: line{probe: p}, sid: sid})
		}
		a := w.exchange([]byte(strings.ReplaceAll(upgrading(websocketPath+r.query, r.headers...), "{host}", p.target.addr)))
		if a.status != 101 {
			return "refused"
		}
		s := &websocketSession{wire: w}
		if _, err := s.read(); err != nil {
			return ended(err)
		}
		return joins(s)
	}
}

// badTextInPackets goes over polling alone; on WebSocket such text is a 1007.
func badTextInPackets() []input {
	var all []input
	add := func(name string, row packetRow) {
		row.allow = whatever
		all = append(all, input{kind: "packets", name: name + " over polling", attack: row.attack(true), allow: row.allow})
	}
	for name, bad := range badText {
		add("event name with "+name, packetRow{packets: []any{`2["m` + bad + `",1]`}})
		add("argument with "+name, packetRow{packets: []any{`2["message","` + bad + `"]`}})
		add("namespace with "+name, packetRow{packets: []any{"0/n" + bad + ","}})
		add("acknowledged argument with "+name, packetRow{packets: []any{`25["message-with-ack","` + bad + `"]`}})
		add("auth with "+name, packetRow{packets: []any{`0{"a":"` + bad + `"}`}, unjoined: true, after: func(s session) outcome { return ended(joined(s)) }})
	}
	return all
}
