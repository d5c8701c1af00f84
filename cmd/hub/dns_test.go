package main

import (
	"context"
	"encoding/binary"
	"net"
	"strings"
	"testing"
)

// resolveBy answers what this process asks DNS by these names, and nothing else.
func resolveBy(t *testing.T, names map[string][]string) {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	before, done := net.DefaultResolver, make(chan struct{})
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", server.LocalAddr().String())
	}}
	t.Cleanup(func() {
		_ = server.Close()
		<-done
		net.DefaultResolver = before
	})
	go func() { // ends with the server
		defer close(done)
		query := make([]byte, 1500)
		for {
			n, from, err := server.ReadFrom(query)
			if err != nil {
				return
			}
			if answer := answerDNS(query[:n], names); answer != nil {
				_, _ = server.WriteTo(answer, from)
			}
		}
	}()
}

// answerDNS answers one question.
//
// Source: RFC 1035, section 4.
func answerDNS(query []byte, names map[string][]string) []byte {
	const header = 12
	var labels []string
	end := header
	for end < len(query) && query[end] != 0 {
		n := int(query[end])
		if end+1+n >= len(query) {
			return nil
		}
		labels = append(labels, string(query[end+1:end+1+n]))
		end += 1 + n
	}
	end++ // the root
	if end+4 > len(query) {
		return nil
	}
	addresses, known := names[strings.ToLower(strings.Join(labels, "."))]
	if binary.BigEndian.Uint16(query[end:]) != 1 { // not A
		addresses = nil
	}
	answer := append([]byte(nil), query[:end+4]...)
	flags := uint16(0x8580) // a response, authoritative
	if !known {
		flags |= 3 // there is no such name
	}
	binary.BigEndian.PutUint16(answer[2:], flags)
	binary.BigEndian.PutUint16(answer[6:], uint16(len(addresses)))
	clear(answer[8:header])
	for _, address := range addresses {
		answer = append(answer, 0xc0, header, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4) // the name above, A, IN, at once old, four bytes
		answer = append(answer, net.ParseIP(address).To4()...)
	}
	return answer
}
