package loadgen

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// scripted answers each request of each connection with the next text; an empty one
// ends the connection.
func scripted(t *testing.T, connections ...[]string) func() (net.Conn, error) {
	t.Helper()
	var all sync.WaitGroup
	t.Cleanup(all.Wait)
	return func() (net.Conn, error) {
		if len(connections) == 0 {
			return nil, errors.New("one connection too many")
		}
		answers := connections[0]
		connections = connections[1:]
		here, there := net.Pipe()
		all.Go(func() {
			defer there.Close()
			r := bufio.NewReader(there)
			for _, answer := range answers {
				for line := "-"; line != "\r\n"; {
					var err error
					if line, err = r.ReadString('\n'); err != nil {
						return
					}
				}
				if _, err := io.WriteString(there, answer); answer == "" || err != nil {
					return
				}
			}
			_, _ = r.ReadByte()
		})
		return here, nil
	}
}

func TestHTTP_Answers(t *testing.T) {
	const request = "GET / HTTP/1.1\r\n\r\n"
	ok := func(body string) string { return "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n" + body }
	for _, c := range []struct {
		name        string
		connections [][]string
		bodies      []string
		fails       string
	}{
		{"kept alive", [][]string{{ok("ab"), ok("cd")}}, []string{"ab", "cd"}, ""},
		{"chunked", [][]string{{
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\nTrailer: x\r\n\r\n", ok("ef"),
		}}, []string{"abcd", "ef"}, ""},
		{"closed after the answer", [][]string{{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na"}, {ok("bc")}}, []string{"a", "bc"}, ""},
		{"stale, so sent once more", [][]string{{ok("ab"), ""}, {ok("cd")}}, []string{"ab", "cd"}, ""},
		{"ended at once, so not sent again", [][]string{{""}}, []string{""}, "unexpected EOF"},
		{"an error", [][]string{{"HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nbad"}}, []string{""}, `HTTP status 400 "bad"`},
		{"no HTTP", [][]string{{"SSH-2.0\r\n"}}, []string{""}, "not HTTP/1.1"},
		{"a length that is none", [][]string{{"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"}}, []string{""}, `body of "-1" bytes`},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := &httpConn{dial: scripted(t, c.connections...)}
			defer h.close()
			for _, want := range c.bodies {
				if err := h.send([]byte(request)); err != nil {
					t.Fatal(err)
				}
				body, err := h.receive()
				if (err != nil) != (c.fails != "") || err != nil && !strings.Contains(err.Error(), c.fails) || err == nil && string(body) != want {
					t.Errorf("got %q, %v; want %q, %s", body, err, want, c.fails)
				}
			}
		})
	}
}

func TestHTTP_ClosedTakesNoRequest(t *testing.T) {
	h := &httpConn{dial: scripted(t)}
	h.close()
	if err := h.send(nil); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}
