package adminui

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/internal/virtualtime"
)

const wrong = `44/admin,{"message":"invalid credentials"}`

func TestLogin_WantsNameAndPassword(t *testing.T) {
	for _, auth := range []string{
		"", "{}", `{"username":"admin"}`, `{"username":"admin","password":"Secret"}`, `{"username":"Admin","password":"secret"}`,
		`{"password":"secret"}`, `{"username":["admin"],"password":"secret"}`, `{"username":"admin","password":null}`,
		`{"sessionId":""}`, `{"sessionId":"0123456789abcdef"}`, `{"sessionId":["x"],"username":"admin"}`,
		`{"username":"admin","password":"secret` + strings.Repeat("x", 2000) + `"}`,
	} {
		inBubble(t, nil, func(t *testing.T, w *world) {
			w.knock(auth).Expect(wrong)
			if n := w.counted("login refused"); n != 1 {
				t.Errorf("%s: counted %d", auth, n)
			}
		})
	}
}

func TestLogin_PageIsToldItsSessionAndWhatItMayDo(t *testing.T) {
	for _, row := range []struct {
		readOnly, development bool
		want                  string
	}{
		{true, false, `["AGGREGATED_EVENTS"]`},
		{true, true, `["AGGREGATED_EVENTS","ALL_EVENTS"]`},
		{false, true, `["EMIT","JOIN","LEAVE","DISCONNECT","MJOIN","MLEAVE","MDISCONNECT","AGGREGATED_EVENTS","ALL_EVENTS"]`},
	} {
		inBubble(t, func(o *Options, _ *hub.Config) { o.ReadOnly, o.Development = row.readOnly, row.development }, func(t *testing.T, w *world) {
			a := w.login()
			if len(a.session) != 2*sessionBytes {
				t.Errorf("session %q", a.session)
			}
			if got := string(encode(a.wait("config"))); got != `[{"supportedFeatures":`+row.want+`}]` {
				t.Errorf("%+v: %s", row, got)
			}
		})
	}
}

func TestLogin_SessionStandsForThePasswordForADay(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		a := w.login()
		a.Abort()
		id := a.session
		again := fmt.Sprintf(`{"sessionId":%q}`, id)
		virtualtime.Pass(sessionTime - time.Second)
		if got := w.knock(again).Next(); !strings.HasPrefix(got, `40/admin,{"sid"`) {
			t.Errorf("a moment before its end: %s", got)
		}
		virtualtime.Pass(2 * time.Second)
		w.knock(again).Expect(wrong)
		if w.compares != 1 {
			t.Errorf("%d passwords were compared", w.compares)
		}
	})
}

func TestSessions_AreBounded(t *testing.T) {
	var s sessions
	now := time.Now()
	first := s.open(now)
	for i := range maxSessions {
		s.open(now.Add(time.Duration(i+1) * time.Second))
	}
	if len(s.until) != maxSessions || s.has(first, now) {
		t.Errorf("%d sessions; the oldest is there: %v", len(s.until), s.has(first, now))
	}
}

// Whoever tries passwords is soon refused even with the right one, and no password is compared any more; a minute later it may
// try again.
func TestAttack_PasswordsAreTriedSlowly(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		for range maxTries {
			w.knock(`{"username":"admin","password":"guess"}`).Expect(wrong)
		}
		limited := `44/admin,{"message":"` + tooManyTries + `"}`
		for range 20 {
			w.knock(rightPassword).Expect(limited)
		}
		if w.compares != maxTries || w.counted("login limited") != 20 {
			t.Errorf("%d passwords were compared, %d refused", w.compares, w.counted("login limited"))
		}
		virtualtime.Pass(tryPeriod)
		w.login()
		for range 2 * maxTries { // who knows the password is not refused
			w.login()
		}
	})
}

// A name that is wrong costs the same comparison as a password that is: nobody learns names by the time that it takes.
func TestAttack_NamesAreNotToldByTime(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		w.knock(`{"username":"nobody","password":"secret"}`).Expect(wrong)
		if w.compares != 1 {
			t.Errorf("%d comparisons", w.compares)
		}
	})
}

// While one password is compared a bounded number waits, and browsers go on.
func TestAttack_FloodOfLoginsWaitsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, nil)
		let := make(chan struct{})
		w.ui.guard.compare = func(_, _ []byte) error {
			<-let
			return nil
		}
		for range 1 + maxWaiting + 10 {
			w.ui.guard.attempts.mu.Lock()
			clear(w.ui.guard.attempts.by) // as if each came from an address of its own
			w.ui.guard.attempts.mu.Unlock()
			w.knock(rightPassword)
			synctest.Wait()
		}
		if n := w.counted("login limited"); n != 10 {
			t.Errorf("%d were refused", n)
		}
		b, _ := w.browser()
		b.Send(`420["echo"]`)
		b.Expect(`430[]`)
		close(let)
	})
}

func TestAttempts_AreBoundedByAddress(t *testing.T) {
	var a attempts
	now := time.Now()
	for i := range 3 * maxAddresses {
		from := placeOf(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255))
		if !a.take(from, now) || len(a.by) > maxAddresses {
			t.Fatalf("address %d: %d are kept", i, len(a.by))
		}
	}
	for _, same := range [][2]string{{"2001:db8::1", "2001:db8::ffff:2"}, {"::ffff:10.0.0.1", "10.0.0.1"}, {"fe80::1%eth0", "fe80::1"}} {
		if placeOf(same[0]) != placeOf(same[1]) {
			t.Errorf("%s and %s count apart", same[0], same[1])
		}
	}
	if placeOf("10.0.0.1") == placeOf("10.0.0.2") || placeOf("2001:db8::1") == placeOf("2001:db8:0:1::1") {
		t.Error("two places count as one")
	}
}

func TestPages_AreBounded(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		for range maxPages {
			w.login()
		}
		w.knock(rightPassword).Expect(`44/admin,{"message":"` + tooManyPages + `"}`)
	})
}

// hashOf is a hash of the lowest cost that is taken.
func hashOf(t *testing.T, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), minCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

func TestPassword_IsABcryptHashOfAnAllowedCost(t *testing.T) {
	good := hashOf(t, "secret")
	file := filepath.Join(t.TempDir(), "hash")
	for _, row := range []struct {
		hash string
		ok   bool
	}{
		{good, true}, {strings.Replace(good, "$2a$", "$2y$", 1), true}, {strings.Replace(good, "$2a$", "$2b$", 1), true},
		{strings.Replace(good, "$10$", "$09$", 1), false}, {strings.Replace(good, "$10$", "$15$", 1), false}, {"secret", false}, {"", false},
	} {
		if _, err := OpenPassword(row.hash, ""); (err == nil) != row.ok {
			t.Errorf("%q: %v", row.hash, err)
		}
		if err := os.WriteFile(file, []byte(row.hash+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenPassword("", file); (err == nil) != row.ok {
			t.Errorf("%q in a file: %v", row.hash, err)
		}
	}
	if _, err := OpenPassword("", filepath.Join(t.TempDir(), "none")); !os.IsNotExist(err) {
		t.Errorf("no file: %v", err)
	}
}

// A hash that is replaced ends what was opened with the old one; one that is broken changes nothing.
func TestPassword_ReplacedEndsSessionsAndPages(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hash")
	write := func(hash string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(hash), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(hashOf(t, "secret"))
	next := hashOf(t, "other")
	inBubble(t, func(o *Options, _ *hub.Config) {
		password, err := OpenPassword("", file)
		if err != nil {
			t.Fatal(err)
		}
		o.Password = password
	}, func(t *testing.T, w *world) {
		w.ui.guard.compare = bcrypt.CompareHashAndPassword
		a := w.login()
		again := fmt.Sprintf(`{"sessionId":%q}`, a.session)
		write("broken")
		virtualtime.Pass(lookAtPassword)
		if got := w.knock(again).Next(); !strings.HasPrefix(got, "40/admin,") {
			t.Errorf("with a file that is broken: %s", got)
		}
		write(next)
		virtualtime.Pass(lookAtPassword)
		a.WaitEnd()
		w.knock(again).Expect(wrong)
		w.knock(rightPassword).Expect(wrong)
		if got := w.knock(`{"username":"admin","password":"other"}`).Next(); !strings.HasPrefix(got, "40/admin,") {
			t.Errorf("with the new one: %s", got)
		}
	})
}

// Nothing of a login is told to the application: not even that it failed.
func TestLogin_IsNothingToTheApplication(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		w.knock("{}").Expect(wrong)
		a := w.login()
		a.say("join", "/admin", "x", a.id)
		a.waitFor("room_joined", `"/admin"`, `"x"`)
		for range 3 * pageEvents {
			a.say("leave", "/admin", "y", a.id)
		}
		a.Send("41/admin,")
		b, _ := w.browser()
		b.Send(`420["echo"]`)
		b.Expect(`430[]`)
		w.wantNotHeard("/admin")
	})
}

func TestLogin_AuthThatIsNoObject(t *testing.T) {
	for _, auth := range []string{`[]`, `"x"`, `1`, `{"username":{"a":1}}`, `{"username":1,"password":2,"sessionId":3}`} {
		var parsed struct{ Username, Password, SessionID string }
		_ = json.Unmarshal([]byte(auth), &parsed)
		if parsed.Username != "" || parsed.Password != "" || parsed.SessionID != "" {
			t.Errorf("%s: %+v", auth, parsed)
		}
	}
}
