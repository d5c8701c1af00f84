package main

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/webtransport-go"

	"github.com/siohub/siohub/internal/certstest"
)

// streamHub starts a hub that has WebTransport on, and returns where its browsers with TLS find it.
func streamHub(t *testing.T, authority *certstest.Authority, cert, key string, flags ...string) (p *process, base string) {
	t.Helper()
	p = start(t, with("serve", append([]string{
		"--listen-tls", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key, "--transports", "polling,websocket,webtransport",
	}, flags...)...)...)
	p.ready()
	return p, p.find(` webtransport=(https://\S+)`)[1]
}

// streamOf opens a WebTransport session with its stream.
func streamOf(t *testing.T, authority *certstest.Authority, url string, header http.Header) (*webtransport.Session, *webtransport.Stream, *http.Response, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	dialer := &webtransport.Transport{
		TLSClientConfig: &tls.Config{RootCAs: authority.Pool(), ServerName: "localhost"},
		QUICConfig:      &quic.Config{EnableDatagrams: true, EnableStreamResetPartialDelivery: true, HandshakeIdleTimeout: 2 * time.Second},
		DialAddr:        quic.DialAddr,
	}
	t.Cleanup(func() { _ = dialer.Close() })
	res, session, err := dialer.Dial(ctx, url, header)
	if err != nil {
		return nil, nil, res, err
	}
	t.Cleanup(func() { _ = session.CloseWithError(0, "") })
	stream, err := session.OpenStream()
	if err != nil {
		t.Fatal(err)
	}
	_ = stream.SetDeadline(time.Now().Add(patience))
	return session, stream, res, nil
}

// sendPackets writes short packets, each behind its length.
func sendPackets(t *testing.T, w io.Writer, packets ...string) {
	t.Helper()
	var all []byte
	for _, p := range packets {
		all = append(append(all, byte(len(p))), p...)
	}
	if _, err := w.Write(all); err != nil {
		t.Fatal(err)
	}
}

// nextPacket reads one that is shorter than 64 KiB.
func nextPacket(r io.Reader) (string, error) {
	var header [3]byte
	if _, err := io.ReadFull(r, header[:1]); err != nil {
		return "", err
	}
	size := int(header[0])
	if size == 126 {
		if _, err := io.ReadFull(r, header[1:]); err != nil {
			return "", err
		}
		size = int(header[1])<<8 | int(header[2])
	}
	packet := make([]byte, size)
	_, err := io.ReadFull(r, packet)
	return string(packet), err
}

func wantPacket(t *testing.T, r io.Reader, prefix string) string {
	t.Helper()
	p, err := nextPacket(r)
	if err != nil || !strings.HasPrefix(p, prefix) {
		t.Fatalf("got %q, %v, want %q", p, err, prefix)
	}
	return p
}

// A browser opens a session over WebTransport, is counted, and leaves in order when the hub does.
func TestWebTransport_CarriesASession(t *testing.T) {
	authority := certstest.NewAuthority(t)
	cert, key := pairFiles(t, authority)
	p, base := streamHub(t, authority, cert, key)
	_, stream, _, err := streamOf(t, authority, base, nil)
	if err != nil {
		t.Fatal(err)
	}
	sendPackets(t, stream, "0")
	wantPacket(t, stream, `0{"sid":"`)
	sendPackets(t, stream, "40/nobody,")
	at := p.ready()
	if _, page := get(t, at.admin+"/metrics"); !strings.Contains(page, `hub_sessions_opened_total{transport="webtransport"} 1`) {
		t.Errorf("metrics:\n%s", page)
	}
	_ = p.Process.Signal(syscall.SIGTERM)
	wantPacket(t, stream, "2")
	sendPackets(t, stream, "3")
	var end *webtransport.SessionError
	if _, err := nextPacket(stream); !errors.As(err, &end) || !end.Remote || end.ErrorCode != 0 {
		t.Errorf("%v", err)
	}
	if code := p.code(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestWebTransport_UpgradesAPollingSession(t *testing.T) {
	authority := certstest.NewAuthority(t)
	cert, key := pairFiles(t, authority)
	p, base := streamHub(t, authority, cert, key)
	at := p.ready()
	_, opened := get(t, at.browsers+"?EIO=4&transport=polling")
	if !strings.Contains(opened, `"upgrades":["websocket","webtransport"]`) {
		t.Fatalf("opened: %s", opened)
	}
	sid := opened[len(`0{"sid":"`):][:20]
	_, stream, _, err := streamOf(t, authority, base, http.Header{"Origin": {strings.TrimSuffix(base, "/socket.io/")}})
	if err != nil {
		t.Fatal(err)
	}
	sendPackets(t, stream, `0{"sid":"`+sid+`"}`, "2probe")
	wantPacket(t, stream, "3probe")
	sendPackets(t, stream, "5", "1")
	if _, err := nextPacket(stream); err == nil {
		t.Error("the session goes on")
	}
	if status, _ := get(t, at.browsers+"?EIO=4&transport=polling&sid="+sid); status != 400 {
		t.Errorf("status %d", status)
	}
}

func TestWebTransport_RefusesPagesOfOtherOrigins(t *testing.T) {
	authority := certstest.NewAuthority(t)
	cert, key := pairFiles(t, authority)
	_, base := streamHub(t, authority, cert, key, "--cors-origins", "https://app.test")
	for origin, want := range map[string]int{"https://evil.test": 403, "https://app.test": 200} {
		_, _, res, _ := streamOf(t, authority, base, http.Header{"Origin": {origin}})
		if res == nil || res.StatusCode != want {
			t.Errorf("%s: %+v", origin, res)
		}
	}
	if _, _, res, _ := streamOf(t, authority, strings.Replace(base, "socket.io", "another", 1), nil); res == nil || res.StatusCode != 404 {
		t.Errorf("another path: %+v", res)
	}
}

// A certificate that was exchanged is that of the next connection.
func TestWebTransport_ReadsItsCertificateAgain(t *testing.T) {
	first, second := certstest.NewAuthority(t), certstest.NewAuthority(t)
	cert, key := pairFiles(t, first)
	p, base := streamHub(t, first, cert, key)
	if _, _, _, err := streamOf(t, first, base, nil); err != nil {
		t.Fatal(err)
	}
	writePair(t, second, cert, key)
	p.find(`msg="certificate read again"`)
	if _, _, _, err := streamOf(t, second, base, nil); err != nil {
		t.Error(err)
	}
	if _, _, _, err := streamOf(t, first, base, nil); err == nil {
		t.Error("the old certificate is still shown")
	}
}

// Unless it is asked for nothing listens on UDP, and nothing is offered.
func TestWebTransport_IsOffByDefault(t *testing.T) {
	authority := certstest.NewAuthority(t)
	cert, key := pairFiles(t, authority)
	p := start(t, with("serve", "--listen-tls", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key)...)
	at := p.ready()
	base := p.find(`browsers_tls=(https://\S+)`)[1]
	if _, _, _, err := streamOf(t, authority, base, nil); err == nil {
		t.Error("a session was opened")
	}
	if _, opened := get(t, at.browsers+"?EIO=4&transport=polling"); !strings.Contains(opened, `"upgrades":["websocket"]`) {
		t.Errorf("opened: %s", opened)
	}
}

func TestWebTransport_WantsTLS(t *testing.T) {
	_, errs, code := execute(t, with("serve", "--transports", "polling,webtransport")...)
	if code != 2 || !strings.Contains(errs, `transports = "polling,webtransport"`) || !strings.Contains(errs, "listen_tls") {
		t.Errorf("%d %s", code, errs)
	}
}
