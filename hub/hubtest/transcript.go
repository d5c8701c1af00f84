package hubtest

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

var rewrite = flag.Bool("rewrite", false, "write what was received into the transcripts")

// Transcripts plays every file that matches, each as a test of its own against a fresh server.
func Transcripts(t *testing.T, pattern string, serve func(t *testing.T) *Server) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("hubtest: no transcripts %s: %v", pattern, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			Transcript(t, serve(t), file)
		})
	}
}

// Transcript plays a golden text file. Each line is one act:
//
//	# a remark
//	open polling            a bare session over polling, or over websocket; the open packet follows as <
//	open3 polling           the same in revision 3: what follows ? of its handshake may be added, as in open3 polling &b64=1
//	> 2probe                send a packet on the session's transport
//	< 3probe                the next packet that comes on it
//	upgrade                 open a WebSocket for the session; from here on > and < mean that one
//	closed 1000             the WebSocket ends with this code
//	GET  &x=y               a request of the session's; what follows ? is added to its query
//	POST [body]             the same with a body, \x1e for the separator
//	request METHOD query    any request
//	= 200 ok                the answer to the last request: status and body
//
// By polling, > posts and < polls, unless packets of the last poll are left. What differs from run to
// run is compared as "…": the value of "sid". With -rewrite the lines < = and closed are written anew.
func Transcript(t *testing.T, s *Server, file string) {
	t.Helper()
	script, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p := &player{t: t, server: s, eio: "EIO=4"}
	var out []string
	for n, line := range strings.Split(strings.TrimSuffix(string(script), "\n"), "\n") {
		got := p.play(line)
		if got != line && !*rewrite {
			t.Fatalf("%s:%d: got  %s\nwant %s", file, n+1, got, line)
		}
		out = append(out, got)
	}
	if text := strings.Join(out, "\n") + "\n"; *rewrite && text != string(script) {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// player is where a transcript stands.
type player struct {
	t      *testing.T
	server *Server
	eio    string // the parameter of that name
	extra  string // of the handshake's query
	sid    string
	frames *Frames
	left   []string // packets of the last poll
	answer Answer
}

// play acts out one line and returns it as it came to pass.
func (p *player) play(line string) string {
	p.t.Helper()
	act, rest, _ := strings.Cut(line, " ")
	switch act {
	case "", "#":
	case "open", "open3":
		if p.eio = "EIO=4"; act == "open3" {
			p.eio = "EIO=3"
		}
		p.open(strings.TrimSpace(rest))
	case "upgrade":
		p.frames = p.server.Frames(p.eio + "&transport=websocket&sid=" + escape(p.sid))
	case ">":
		p.send(unescape(rest))
	case "<":
		return "< " + p.next()
	case "closed":
		return fmt.Sprintf("closed %d", p.frames.WaitClose())
	case "GET", "POST":
		p.request(act, strings.TrimSpace(rest))
	case "request":
		method, query, _ := strings.Cut(rest, " ")
		p.answer = p.server.Do(method, query, "", nil)
	case "=":
		return strings.TrimSpace(fmt.Sprintf("= %d %s", p.answer.Status, anonymous(p.answer.Body)))
	default:
		p.t.Fatalf("hubtest: transcript: what is %q?", line)
	}
	return line
}

func (p *player) open(transport string) {
	p.t.Helper()
	p.sid, p.frames, p.left = "", nil, nil
	transport, p.extra, _ = strings.Cut(transport, " ")
	var first string
	if transport == string(WebSocket) {
		p.frames = p.server.Frames(p.eio + "&transport=websocket" + p.extra)
		first = p.frames.Next()
		p.left = []string{first}
	} else {
		p.poll()
		first = p.left[0]
	}
	if m := sidPattern.FindStringSubmatch(first); m != nil {
		p.sid = m[1]
	}
}

func (p *player) query() string {
	q := p.eio + "&transport=polling" + p.extra
	if p.sid != "" {
		q += "&sid=" + escape(p.sid)
	}
	return q
}

func (p *player) poll() {
	p.t.Helper()
	a := p.server.Get(p.query())
	if a.Status != http.StatusOK {
		p.t.Fatalf("hubtest: transcript: poll: %d %s", a.Status, a.Body)
	}
	if p.eio == "EIO=3" {
		p.left = split3(p.t, a)
		return
	}
	p.left = strings.Split(a.Body, "\x1e")
}

func (p *player) send(packet string) {
	p.t.Helper()
	if p.frames == nil {
		if p.eio == "EIO=3" {
			packet = join3(strings.Split(packet, "\x1e"))
		}
		p.answer = p.server.Post(p.query(), packet)
		return
	}
	if err := p.frames.Write(packet); err != nil {
		p.t.Fatalf("hubtest: transcript: send: %v", err)
	}
}

func (p *player) next() string {
	p.t.Helper()
	if len(p.left) == 0 && p.frames == nil {
		p.poll()
	}
	if len(p.left) == 0 {
		return anonymous(p.frames.Next())
	}
	packet := p.left[0]
	p.left = p.left[1:]
	return anonymous(packet)
}

func (p *player) request(method, rest string) {
	p.t.Helper()
	query, body := p.query(), ""
	if method == http.MethodPost {
		body = unescape(rest)
	} else {
		query += rest
	}
	p.answer = p.server.Do(method, query, body, nil)
}

var sidPattern = regexp.MustCompile(`"sid":"([^"]*)"`)

// anonymous hides what differs from run to run, and makes a separator visible.
func anonymous(s string) string {
	if !utf8.ValidString(s) {
		s = strconv.QuoteToASCII(s)
	}
	s = sidPattern.ReplaceAllString(s, `"sid":"…"`)
	return strings.ReplaceAll(s, "\x1e", `\x1e`)
}

// unescape undoes \x1e and its like.
func unescape(s string) string {
	if u, err := strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`); err == nil {
		return u
	}
	return s
}
