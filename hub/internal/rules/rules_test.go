package rules

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/internal/request"
)

func TestSet_FirstRuleThatFitsDecides(t *testing.T) {
	set := New([]Rule{
		{Addresses: []string{"10.0.0.0/8", "::1"}, Allow: true},
		{Headers: map[string][]string{"user-agent": {"*bot*", "curl/*"}}, Message: "no bots"},
		{Path: "/socket.io/v1/*", Message: "v1 is gone"},
		{Query: map[string][]string{"version": {"", "1.*"}}, Message: "please update"},
		{Headers: map[string][]string{"Host": {"old.example.com"}}, Message: "moved"},
		{Origins: []string{"https://*.example.org", ""}, Query: map[string][]string{"a": {"x"}}, Message: "both"},
	})
	browser := http.Header{"User-Agent": {"Mozilla/5.0"}}
	for _, row := range []struct {
		name, url string
		header    http.Header
		from      request.Sender
		index     int
		message   string
	}{
		{"nothing fits", "/socket.io/?version=2.0", browser, request.Sender{Address: "192.0.2.1"}, -1, ""},
		{"an address that is let on", "/socket.io/", http.Header{"User-Agent": {"bot"}}, request.Sender{Address: "10.1.2.3"}, -1, ""},
		{"the same, as IPv6 has it", "/socket.io/", nil, request.Sender{Address: "::ffff:10.1.2.3"}, -1, ""},
		{"no address", "/socket.io/?version=2", http.Header{"User-Agent": {"a bot!"}}, request.Sender{}, 1, "no bots"},
		{"one of several lines", "/socket.io/?version=2", http.Header{"User-Agent": {"x", "curl/8"}}, request.Sender{}, 1, "no bots"},
		{"a longer path", "/socket.io/v1/", browser, request.Sender{}, 2, "v1 is gone"},
		{"a path that is escaped", "/socket.io/%76%31/", browser, request.Sender{}, 2, "v1 is gone"},
		{"a missing parameter", "/socket.io/", browser, request.Sender{}, 3, "please update"},
		{"an old one", "/socket.io/?version=1.9", browser, request.Sender{}, 3, "please update"},
		{"the last of several", "/socket.io/?version=1.9&version=2", browser, request.Sender{}, -1, ""},
		{"one that is escaped", "/socket.io/?%76ersion=1%2E9", browser, request.Sender{}, 3, "please update"},
		{"the host that a proxy names", "/socket.io/?version=2", browser, request.Sender{Host: "old.example.com"}, 4, "moved"},
		{"one condition of two", "/socket.io/?version=2&a=y", http.Header{"Origin": {"https://a.example.org"}}, request.Sender{}, -1, ""},
		{"both", "/socket.io/?version=2&a=x", http.Header{"Origin": {"https://a.example.org:443"}}, request.Sender{}, 5, "both"},
		{"no origin", "/socket.io/?version=2&a=x", nil, request.Sender{}, 5, "both"},
		{"another origin", "/socket.io/?version=2&a=x", http.Header{"Origin": {"null"}}, request.Sender{}, -1, ""},
	} {
		u, err := url.Parse(row.url)
		if err != nil {
			t.Fatal(err)
		}
		index, message := set.Judge(&http.Request{URL: u, Header: row.header, Host: "chat.example.com"}, row.from)
		if index != row.index || message != row.message {
			t.Errorf("%s: %d %q", row.name, index, message)
		}
	}
	if i, _ := New([]Rule{{}}).Judge(&http.Request{URL: &url.URL{}}, request.Sender{}); i != 0 {
		t.Error("a rule without conditions does not fit")
	}
}

func TestMatches(t *testing.T) {
	for _, row := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true}, {"", "a", false}, {"a", "a", true}, {"a", "A", false}, {"*", "", true}, {"*", "x\ny", true}, {"**", "x", true},
		{"a*", "a", true}, {"a*", "ba", false}, {"*a", "ba", true}, {"*a", "ab", false}, {"*a*", "xay", true}, {"a*b*c", "a1b2c", true},
		{"a*b*c", "acb", false}, {"ab*ba", "aba", false}, {"*ab*ab", "ab", false}, {"*ab*ab", "abab", true}, {"a?c", "abc", false}, {"[a]", "a", false},
	} {
		if got := matches(row.pattern, row.text); got != row.want {
			t.Errorf("%q %q: %v", row.pattern, row.text, got)
		}
	}
	if matches(strings.Repeat("*a", 500)+"b", strings.Repeat("a", 1<<16)) {
		t.Error("no b") // and it has come back
	}
}

func TestRule_Problems(t *testing.T) {
	long := strings.Repeat("x", maxText+1)
	for _, row := range []struct {
		rule  Rule
		field string // empty: none
	}{
		{Rule{Path: "/a/*", Query: map[string][]string{"a": {""}}, Headers: map[string][]string{"X-A": {"*"}}, Origins: []string{"", "*", "https://*.a.test"}, Addresses: []string{"::1"}}, ""},
		{Rule{Path: "a"}, "path"},
		{Rule{Path: "/\n"}, "path"},
		{Rule{Query: map[string][]string{"": {"x"}}}, "query"},
		{Rule{Query: map[string][]string{"a": nil}}, "query.a"},
		{Rule{Query: map[string][]string{"a": {long}}}, "query.a"},
		{Rule{Headers: map[string][]string{"a b": {"x"}}}, "headers"},
		{Rule{Headers: map[string][]string{"a": {"\x00"}}}, "headers.a"},
		{Rule{Origins: []string{"example.com"}}, "origins"},
		{Rule{Addresses: []string{"10.0.0.0/40"}}, "addresses"},
		{Rule{Message: "a\r\nb"}, "message"},
		{Rule{Message: "hello", Allow: true}, "message"},
	} {
		problems := row.rule.Problems()
		if len(problems) > 1 || (row.field == "") != (len(problems) == 0) || row.field != "" && problems[0].Field != row.field {
			t.Errorf("%+v: %+v", row.rule, problems)
		}
	}
}
