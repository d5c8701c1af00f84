package browsertoken

import (
	"errors"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/siohub/siohub/cmd/hub/internal/jwt"
	"github.com/siohub/siohub/cmd/hub/internal/jwttest"
	"github.com/siohub/siohub/controlplane/access"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// handshake is a request in memory.
type handshake struct{ header, query map[string]string }

func (h handshake) Lines() iter.Seq2[string, string]      { return maps.All(h.header) }
func (h handshake) Parameters() iter.Seq2[string, string] { return maps.All(h.query) }

func openRules(t *testing.T, id *jwttest.Issuer, rules ...Rule) *Decider {
	t.Helper()
	file := filepath.Join(t.TempDir(), "jwks.json")
	if err := os.WriteFile(file, id.Set(), 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range rules {
		rules[i].Issuers = []jwt.Issuer{{Name: id.Name, Audiences: []string{id.Audience}, Algorithms: []string{"EdDSA"}, File: file}}
		if rules[i].From == nil {
			rules[i].From = []string{"auth.token"}
		}
	}
	d, err := Open(t.Context(), rules, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func auth(token string) access.BrowserFacts {
	return access.BrowserFacts{Namespace: "/chat", Auth: []byte(`{"token":"` + token + `"}`), AttemptTime: time.Now()}
}

func TestDecide_ClaimsBecomeTheSocket(t *testing.T) {
	id := jwttest.New(t, "https://id.test", "web")
	d := openRules(t, id, Rule{Namespaces: []string{"/chat"}, User: "sub", Rooms: "org.rooms", Data: "profile", Expires: "session"})
	end := time.Now().Add(10 * time.Minute).Truncate(time.Second)
	token := id.Token(map[string]any{
		"sub": "u1", "org": map[string]any{"rooms": []string{"a", "b"}}, "profile": map[string]any{"n": 9007199254740993},
		"session": end.Unix(),
	})
	got, err := d.Decide(auth(token))
	want := access.BrowserDecision{
		Verdict: access.BrowserAccepted, User: "u1", Rooms: []string{"a", "b"}, Data: []byte(`{"n":9007199254740993}`), ExpireTime: end,
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for name, claims := range map[string]map[string]any{
		"no user": {"session": 4e9}, "user is a list": {"sub": []string{"a"}, "session": 4e9}, "user is empty": {"sub": "", "session": 4e9},
		"rooms are numbers": {"sub": "u", "session": 4e9, "org": map[string]any{"rooms": []int{1}}},
		"no session":        {"sub": "u"}, "session is a word": {"sub": "u", "session": "soon"}, "session without end": {"sub": "u", "session": 1e300},
	} {
		if got, err := d.Decide(auth(id.Token(claims))); err != nil || got.Verdict != access.BrowserDenied {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	d = openRules(t, id, Rule{Namespaces: []string{"/chat"}, User: "uid"})
	if got, _ := d.Decide(auth(id.Token(map[string]any{"uid": 9007199254740993}))); got.User != "9007199254740993" {
		t.Errorf("a number as user: %+v", got)
	}
}

func TestDecide_ExpiryIsThatOfTheTokenOrNone(t *testing.T) {
	id := jwttest.New(t, "https://id.test", "web")
	d := openRules(t, id, Rule{Namespaces: []string{"/chat"}, Expires: "exp"}, Rule{Namespaces: []string{"/free"}, Expires: "none"})
	facts := auth(id.Token(nil))
	if got, err := d.Decide(facts); err != nil || time.Until(got.ExpireTime) < 59*time.Minute || got.User != "" {
		t.Errorf("%+v, %v", got, err)
	}
	facts.Namespace = "/free"
	if got, err := d.Decide(facts); err != nil || !got.ExpireTime.IsZero() || got.Verdict != access.BrowserAccepted {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestDecide_MissingAndWrongAreDeniedOrPassedOn(t *testing.T) {
	id, stranger := jwttest.New(t, "https://id.test", "web"), jwttest.New(t, "https://id.test", "web")
	alone := openRules(t, id, Rule{Namespaces: []string{"/chat"}})
	behind := openRules(t, id, Rule{Namespaces: []string{"/chat"}, Behind: true})
	for name, c := range map[string]struct {
		facts access.BrowserFacts
		code  string
	}{
		"no auth":    {access.BrowserFacts{Namespace: "/chat"}, "TOKEN_MISSING"},
		"no token":   {access.BrowserFacts{Namespace: "/chat", Auth: []byte(`{"user":"x"}`)}, "TOKEN_MISSING"},
		"not JSON":   {access.BrowserFacts{Namespace: "/chat", Auth: []byte(`{`)}, "TOKEN_MISSING"},
		"a number":   {access.BrowserFacts{Namespace: "/chat", Auth: []byte(`{"token":7}`)}, "TOKEN_MISSING"},
		"empty":      {auth(""), "TOKEN_MISSING"},
		"no JWT":     {auth("planted"), "TOKEN_WRONG"},
		"stranger":   {auth(stranger.Token(nil)), "TOKEN_WRONG"},
		"audience":   {auth(id.Token(map[string]any{"aud": "hub"})), "TOKEN_WRONG"},
		"expired":    {auth(id.Token(map[string]any{"exp": time.Now().Add(-time.Minute).Unix()})), "TOKEN_EXPIRED"},
		"no expiry":  {auth(id.Token(map[string]any{"exp": nil})), "TOKEN_WRONG"},
		"not before": {auth(id.Token(map[string]any{"nbf": time.Now().Add(time.Hour).Unix()})), "TOKEN_WRONG"},
	} {
		got, err := alone.Decide(c.facts)
		if err != nil || got.Verdict != access.BrowserDenied || string(got.Data) != `{"code":"`+c.code+`"}` || got.Message == "" {
			t.Errorf("%s: %+v %s, %v", name, got, got.Data, err)
		}
		if strings.Contains(got.Message, "planted") {
			t.Errorf("%s: %s", name, got.Message)
		}
		if got, err = behind.Decide(c.facts); err != nil || got.Verdict != access.BrowserPassed {
			t.Errorf("%s, with an authorizer: %+v, %v", name, got, err)
		}
	}
	if got, err := behind.Decide(auth(id.Token(nil))); err != nil || got.Verdict != access.BrowserAccepted {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestDecide_Places(t *testing.T) {
	id := jwttest.New(t, "https://id.test", "web")
	token := id.Token(nil)
	for name, c := range map[string]struct {
		from     []string
		auth     string
		hs       handshake
		accepted bool
	}{
		"auth":           {[]string{"auth.token"}, `{"token":"` + token + `"}`, handshake{}, true},
		"auth bearer":    {[]string{"auth.token"}, `{"token":"Bearer ` + token + `"}`, handshake{}, true},
		"auth inside":    {[]string{"auth.user.jwt"}, `{"user":{"jwt":"` + token + `"}}`, handshake{}, true},
		"header":         {[]string{"header:Authorization"}, "", handshake{header: map[string]string{"authorization": "bearer " + token}}, true},
		"basic":          {[]string{"header:Authorization"}, "", handshake{header: map[string]string{"Authorization": "Basic " + token}}, false},
		"naked":          {[]string{"header:Authorization"}, "", handshake{header: map[string]string{"Authorization": token}}, false},
		"own header":     {[]string{"header:X-Token"}, "", handshake{header: map[string]string{"X-Token": token}}, true},
		"cookie":         {[]string{"cookie:session"}, "", handshake{header: map[string]string{"Cookie": "a=b; session=" + token + "; c=d"}}, true},
		"cookie's name":  {[]string{"cookie:session"}, "", handshake{header: map[string]string{"Cookie": "xsession=" + token}}, false},
		"bad cookie":     {[]string{"cookie:session"}, "", handshake{header: map[string]string{"Cookie": ";;=; \x00=; session=" + token}}, true},
		"query":          {[]string{"query:token"}, "", handshake{query: map[string]string{"token": token}}, true},
		"first there":    {[]string{"query:token", "auth.token"}, `{"token":"` + token + `"}`, handshake{query: map[string]string{"x": "y"}}, true},
		"first is wrong": {[]string{"query:token", "auth.token"}, `{"token":"` + token + `"}`, handshake{query: map[string]string{"token": "y"}}, false},
		"in another one": {[]string{"query:token"}, `{"token":"` + token + `"}`, handshake{}, false},
	} {
		d := openRules(t, id, Rule{Namespaces: []string{"/chat"}, From: c.from})
		got, err := d.Decide(access.BrowserFacts{Namespace: "/chat", Handshake: c.hs, Auth: []byte(c.auth), AttemptTime: time.Now()})
		if err != nil || (got.Verdict == access.BrowserAccepted) != c.accepted {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestDecides_MostSpecificNamespaceCounts(t *testing.T) {
	id := jwttest.New(t, "https://id.test", "web")
	d := openRules(t, id, Rule{Namespaces: []string{"/*"}, User: "sub"}, Rule{Namespaces: []string{"/org/*", "/chat"}})
	for namespace, accepted := range map[string]bool{"/chat": true, "/org/1": true, "/org": false, "/x": false} {
		if !d.Decides(namespace) {
			t.Errorf("%s is not decided", namespace)
		}
		facts := auth(id.Token(nil)) // names no user, which the first rule wants
		facts.Namespace = namespace
		if got, _ := d.Decide(facts); (got.Verdict == access.BrowserAccepted) != accepted {
			t.Errorf("%s: %+v", namespace, got)
		}
	}
	if d.Decides("/") {
		t.Error("/ is decided")
	}
	if got, err := d.Decide(access.BrowserFacts{Namespace: "/"}); err != nil || got.Verdict != access.BrowserPassed {
		t.Error(got, err)
	}
}

func TestOpen_BadKeysAreNamed(t *testing.T) {
	_, err := Open(t.Context(), []Rule{{}, {Issuers: []jwt.Issuer{{Key: "browsers.jwt[1]", File: "/none"}}}}, Options{})
	var bad *jwt.SourceError
	if !errors.As(err, &bad) || bad.Key != "browsers.jwt[1].jwks_file" {
		t.Error(err)
	}
}

func FuzzDecide(f *testing.F) {
	id := jwttest.New(f, "https://id.test", "web")
	file := filepath.Join(f.TempDir(), "jwks.json")
	if err := os.WriteFile(file, id.Set(), 0o600); err != nil {
		f.Fatal(err)
	}
	d, err := Open(f.Context(), []Rule{{
		Namespaces: []string{"*"}, From: []string{"auth.a.b", "header:Authorization", "cookie:c", "query:q"},
		Issuers: []jwt.Issuer{{Name: id.Name, Audiences: []string{"web"}, Algorithms: []string{"EdDSA"}, File: file}},
	}}, Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"a":{"b":"x.y.z"}}`), "Bearer x", "c=d")
	f.Fuzz(func(t *testing.T, auth []byte, authorization, cookie string) {
		hs := handshake{header: map[string]string{"Authorization": authorization, "Cookie": cookie}, query: map[string]string{"q": cookie}}
		got, err := d.Decide(access.BrowserFacts{Namespace: "/", Handshake: hs, Auth: auth})
		if err != nil || got.Verdict != access.BrowserDenied {
			t.Errorf("%+v, %v", got, err)
		}
	})
}
