package hostile

import (
	"fmt"
	"strings"
)

// originInputs: one exact list of origins for every transport.
func originInputs() []Input {
	var all []Input
	add := func(name string, lines []string, allow ...Outcome) {
		for _, road := range []string{"handshake", "upgrade", "POST", "GET", "probe"} {
			all = append(all, Input{Kind: "origin", Name: road + " from " + name, Attack: foreign(road, lines), Allow: allow})
		}
	}
	refused := Outcomes("403/4", "403:4", "403", "400/3", "400:3", "400")
	for _, o := range []string{
		"https://evil.example", "https://good.example.evil.example", "https://evilgood.example", "https://good.example:444", "http://good.example", "https://sub.good.example", "https://good.example@evil.example", "https://good.example.", "https://good.exampl", "good.example",
		"null", "file://", "*", "https://*.example", "https://gооd.example", "https://good.example/../evil.example", "https://evil.example#good.example", "https://evil.example?https://good.example", "javascript://good.example", "https://xn--gd-jbbc.example", "https://127.0.0.1", "http://localhost:1", "https://[::1]",
		"https://good.example https://evil.example", "https://good.example,https://evil.example", "undefined", "__proto__", "https://" + strings.Repeat("a", 4000) + ".example",
	} {
		add(fmt.Sprintf("%.50q", o), []string{"Origin: " + o}, refused...)
	}
	for name, lines := range map[string][]string{
		"good and evil": {"Origin: " + goodOrigin, "Origin: https://evil.example"}, "evil and good": {"Origin: https://evil.example", "Origin: " + goodOrigin},
	} {
		add(name, lines, refused...)
	}
	add("the same host, and a forged Host", []string{"Origin: https://evil.example", "X-Forwarded-Host: evil.example"}, refused...)
	fine := Outcomes("fine with CORS", "fine")
	add("the good origin", []string{"Origin: " + goodOrigin}, "fine with CORS")
	add("no origin", nil, "fine")
	add("the same host", []string{"Origin: http://{host}"}, fine...)
	// Scheme and host are compared without regard to case, or byte by byte.
	add("the good origin in capitals", []string{"Origin: HTTPS://GOOD.EXAMPLE"}, append(fine, refused...)...)
	add("the good origin with its port", []string{"Origin: https://good.example:443"}, append(fine, refused...)...)
	add("the good origin with a path", []string{"Origin: https://good.example/x"}, append(fine, refused...)...)
	add("an empty origin", []string{"Origin:"}, append(fine, refused...)...)
	return all
}

// foreign sends a request with the header lines along one road. An answer that
// invites the page in where it must not is told.
func foreign(road string, lines []string) func(*Probe) Outcome {
	return func(p *Probe) Outcome {
		var raw string
		switch road {
		case "handshake":
			raw = get(pollingPath, lines...)
		case "upgrade":
			raw = Upgrading(WebSocketPath, lines...)
		default:
			s := Must(p.Polling())
			raw = map[string]string{"POST": post(sidPath, "40", lines...), "GET": get(sidPath, lines...), "probe": Upgrading(WebSocketPath+"&sid={sid}", lines...)}[road]
			raw = strings.ReplaceAll(raw, "{sid}", s.SID)
			if road == "GET" { // so that a poll that is let in is answered at once
				s.SendRaw("40")
			}
		}
		r := p.dial().exchange([]byte(strings.ReplaceAll(raw, "{host}", p.Target.Addr)))
		got := r.Outcome()
		if r.Status == 200 || r.Status == 101 {
			got = "fine"
		}
		if r.header.Get("Access-Control-Allow-Origin") != "" {
			got += " with CORS"
		}
		if road == "upgrade" || road == "probe" { // pages need no CORS header there
			got = Outcome(strings.TrimSuffix(string(got), " with CORS"))
			if got == "fine" && strings.Contains(strings.Join(lines, ""), goodOrigin) {
				got = "fine with CORS"
			}
		}
		return got
	}
}
