package conform

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// reachCases are about how a hub is reached.
var reachCases = []*Case{
	{Name: "reach/name", Rules: []string{"N1"}, About: "dns:///NAME:PORT stands for the addresses of the name.", run: func(t *T) {
		h := t.Hub()
		_, port, _ := net.SplitHostPort(h.Address)
		t.start(nil, "HUB_ADDRESS=dns:///localhost:"+port)
		h.nextWithin(t.opts.Patience, "N1", "a stream to dns:///localhost:"+port).welcome().join(`{}`)
	}},
	{Name: "reach/spaces", Rules: []string{"N1"}, About: "Spaces around the commas of a list do no harm.", run: func(t *T) {
		one, two := t.Hub(), t.Hub()
		t.start(nil, "HUB_ADDRESS= "+one.Address+" , "+two.Address)
		attachAll(t, one, two)
	}},
	{Name: "reach/url", Rules: []string{"S10"}, About: "An address for browsers (http://…) ends the program with an error.", run: func(t *T) {
		h := t.Hub()
		p := t.start(nil, "HUB_ADDRESS=http://"+h.Address)
		t.check("S10", p.exit(t.opts.Patience, "S10", "the end of the process") != 0, "an exit code that is not 0", "0")
		t.check("S10", strings.Contains(p.stderr.String(), "http://"+h.Address), "the address in the error", "%s", p.stderr.last())
	}},
	{Name: "reach/browser-port", Rules: []string{"S10"}, About: "A port that answers HTTP is said to do so.", run: func(t *T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.fail("", "a listener", "%v", err)
		}
		page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "for browsers") })
		server := &http.Server{Handler: page, ReadHeaderTimeout: time.Second}
		served := make(chan struct{})
		go func() { defer close(served); _ = server.Serve(l) }()
		t.Cleanup(func() {
			_ = server.Close()
			<-served
		})
		p := t.start(nil, "HUB_ADDRESS="+l.Addr().String())
		deadline := time.Now().Add(t.opts.Patience)
		for !strings.Contains(strings.ToLower(p.stderr.String()), "http") {
			t.check("S10", time.Now().Before(deadline), "a word on stderr that HTTP is spoken there", "%s", p.stderr.last())
			t.rest(50 * time.Millisecond)
		}
	}},
	{Name: "reach/tls", Rules: []string{"S11"}, About: "HUB_TLS_CA and HUB_TLS_SERVER_NAME: the hub is checked against them.", run: func(t *T) {
		a := t.authority()
		certificate, _, _ := a.issue("hub.conform")
		h := t.hub(&tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
		t.start([]*Hub{h}, "HUB_TLS_CA="+a.CA, "HUB_TLS_SERVER_NAME=hub.conform", "HUB_TOKEN=secret")
		h.attach().join(`{}`)
		t.check("S7", h.tokens[0] == "Bearer secret", "the token", "%q", h.tokens[0])
	}},
	{Name: "reach/tls-both", Rules: []string{"S11"}, About: "HUB_TLS_CERT and HUB_TLS_KEY are shown to the hub.", run: func(t *T) {
		a := t.authority()
		certificate, _, _ := a.issue("hub.conform")
		_, certFile, keyFile := a.issue("service.conform")
		h := t.hub(&tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: a.pool})
		t.start([]*Hub{h}, "HUB_TLS_CA="+a.CA, "HUB_TLS_SERVER_NAME=hub.conform", "HUB_TLS_CERT="+certFile, "HUB_TLS_KEY="+keyFile)
		h.attach().join(`{}`)
	}},
	{Name: "reach/tls-stranger", Rules: []string{"S11"}, About: "A hub with a certificate of another authority gets no stream.", run: func(t *T) {
		a, other := t.authority(), t.authority()
		certificate, _, _ := other.issue("hub.conform")
		h := t.hub(&tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
		t.start([]*Hub{h}, "HUB_TLS_CA="+a.CA, "HUB_TLS_SERVER_NAME=hub.conform", "HUB_TOKEN=secret")
		t.until("S11", "a connection", func() bool { return h.gate.accepted.Load() > 0 })
		t.never(1500*time.Millisecond, "S11", "no call to a stranger", func() bool { return len(h.streams) > 0 || len(h.tokens) > 0 })
	}},
	{Name: "reach/tls-half", Rules: []string{"S11"}, About: "A certificate without its key, or a file that is not there, ends the program with an error.", run: func(t *T) {
		a := t.authority()
		_, certFile, _ := a.issue("service.conform")
		for _, variable := range []string{"HUB_TLS_CERT=" + certFile, "HUB_TLS_CA=" + a.CA + ".none"} {
			p := t.start([]*Hub{t.Hub()}, variable)
			t.check("S11", p.exit(t.opts.Patience, "S11", "the end of the process with "+variable) != 0, "an exit code that is not 0", "0")
			name, file, _ := strings.Cut(variable, "=")
			said := p.stderr.String()
			t.check("S11", strings.Contains(said, name) || strings.Contains(said, file), "the variable or the file in the error", "%s", p.stderr.last())
		}
	}},
}
