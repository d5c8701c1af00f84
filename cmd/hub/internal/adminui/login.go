package adminui

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"net/netip"
	"time"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/internal/sampledlog"
)

const (
	// wrongCredentials is what the page shows its login form for.
	wrongCredentials = "invalid credentials"
	// tooManyTries and tooManyPages are shown by the page as they stand.
	tooManyTries = "too many attempts, wait a minute"
	tooManyPages = "too many pages are connected"

	// maxWaiting is how many logins wait for their password to be compared.
	maxWaiting = 16
	// restFactor is how long the comparing goroutine rests, in times of what a comparison took: passwords of strangers take at most a
	// quarter of one core.
	restFactor = 3
	// maxPassword is the longest password that is compared. bcrypt takes 72 bytes of it.
	maxPassword = 1024
	// lookAtPassword is how often a file with the password is looked at while somebody is logged in.
	lookAtPassword = 10 * time.Second
)

// guard decides who comes in.
type guard struct {
	// set at construction
	options  *Options
	refused  *sampledlog.Line
	letIn    func(a *hub.ConnectAttempt, session string)
	full     func() bool
	revoked  func()
	waiting  chan login
	compare  func(hash, password []byte) error // bcrypt.CompareHashAndPassword, but for tests
	attempts attempts
	sessions sessions
	tickets  tickets
}

// login is an attempt with a password.
type login struct {
	attempt            *hub.ConnectAttempt
	from               netip.Prefix
	username, password string
}

// ask decides about an attempt, or has it decided. It does not wait.
func (g *guard) ask(a *hub.ConnectAttempt) {
	var auth struct {
		Username, Password, SessionID string
	}
	if raw := a.Auth(); len(raw) > 0 {
		_ = json.Unmarshal(raw, &auth) // a field that is no text stays empty
	}
	now := time.Now()
	from := placeOf(a.Handshake().RemoteAddress())
	switch {
	case g.full():
		g.deny(a, "limited", tooManyPages)
	case auth.SessionID != "" && (g.tickets.has(auth.SessionID, now) || g.sessions.has(auth.SessionID, now)):
		g.options.Trace.Login("session")
		g.letIn(a, "")
	case auth.Username == "" && auth.Password == "":
		g.deny(a, "refused", wrongCredentials) // nothing to compare: a page that was logged in a day ago
	case !g.attempts.take(from, now):
		g.deny(a, "limited", tooManyTries)
	default:
		select {
		case g.waiting <- login{a, from, auth.Username, auth.Password}:
		default:
			g.deny(a, "limited", tooManyTries)
		}
	}
}

func (g *guard) deny(a *hub.ConnectAttempt, result, message string) {
	g.options.Trace.Login(result)
	g.refused.Warn("the admin UI has let somebody not in", "result", result, "address", a.Handshake().RemoteAddress(), "option", "admin_ui.username")
	_ = a.Deny(message, nil) // its browser may be gone
}

// run compares passwords until ctx ends, one after the other.
func (g *guard) run(ctx context.Context) {
	look := time.NewTicker(lookAtPassword)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			g.giveUp()
			return
		case <-look.C:
			if !g.sessions.empty() || len(g.tickets.secrets()) > 0 {
				g.hash()
			}
		case l := <-g.waiting:
			if l.attempt.Gone() {
				continue
			}
			begun := time.Now()
			g.decide(l)
			pause(ctx, restFactor*time.Since(begun))
		}
	}
}

// giveUp leaves those who wait to another hub.
func (g *guard) giveUp() {
	for {
		select {
		case l := <-g.waiting:
			_ = l.attempt.Undecided() // its browser may be gone
		default:
			return
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// hash is the password's at this moment. Who has logged in with another one has to do it again.
func (g *guard) hash() []byte {
	hash, changed, err := g.options.Password.current()
	if err != nil {
		g.refused.Warn("the password of the admin UI cannot be read: the last one stays in force", "error", err, "option", "admin_ui.password_hash_file")
	}
	if changed {
		g.sessions.clear()
		g.revoked()
	}
	return hash
}

// decide compares. The password is compared in any case, so that a name that is wrong takes as long as a password that is.
func (g *guard) decide(l login) {
	name, want := sha256.Sum256([]byte(l.username)), sha256.Sum256([]byte(g.options.Username))
	known := subtle.ConstantTimeCompare(name[:], want[:]) == 1
	matches := g.compare(g.hash(), []byte(l.password[:min(len(l.password), maxPassword)])) == nil
	if !known || !matches || len(l.password) > maxPassword {
		g.deny(l.attempt, "refused", wrongCredentials)
		return
	}
	g.attempts.forgive(l.from)
	g.options.Trace.Login("accepted")
	g.options.Logger.Info("a page of the admin UI has logged in", "address", l.attempt.Handshake().RemoteAddress())
	now := time.Now()
	id, ok := g.tickets.open(now)
	if !ok {
		id = g.sessions.open(now)
	}
	g.letIn(l.attempt, id)
}
