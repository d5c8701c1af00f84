package conform

import (
	"os"
	"path/filepath"
	"time"

	"google.golang.org/grpc/codes"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

var credentialCases = []*Case{
	{Name: "credentials/token", Rules: []string{"S7"}, About: "HUB_TOKEN is the bearer token of each call.", run: func(t *T) {
		h := t.Hub()
		t.start([]*Hub{h}, "HUB_TOKEN=secret-1")
		h.attach().join(`{}`)
		t.check("S7", h.tokens[0] == "Bearer secret-1", "authorization: Bearer secret-1", "%q", h.tokens[0])
	}},
	{Name: "credentials/none", Rules: []string{"A2"}, About: "UNAUTHENTICATED without a credential ends the process.", run: func(t *T) {
		h := t.Hub()
		h.refuse = unauthenticated("")
		p := t.start([]*Hub{h})
		t.until("A2", "a call", func() bool { return len(h.tokens) > 0 })
		t.check("A2", p.exit(t.opts.Patience, "A2", "the end of the process") != 0, "an exit code that is not 0", "0")
	}},
	{Name: "credentials/fixed", Rules: []string{"A2"}, About: "UNAUTHENTICATED with a token that cannot change ends the process.", run: func(t *T) {
		h := t.Hub()
		h.refuse = unauthenticated("Bearer right")
		p := t.start([]*Hub{h}, "HUB_TOKEN=wrong")
		t.until("A2", "a call", func() bool { return len(h.tokens) > 0 })
		t.check("A2", p.exit(t.opts.Patience, "A2", "the end of the process") != 0, "an exit code that is not 0", "0")
	}},
	{Name: "credentials/file", Rules: []string{"A1"}, slow: true, About: "UNAUTHENTICATED with a token file: another try once the file has another token, and none with the same.", run: func(t *T) {
		file := tokenFile(t, "old")
		h := t.Hub()
		h.refuse = unauthenticated("Bearer new")
		p := t.start([]*Hub{h}, "HUB_TOKEN_FILE="+file)
		t.until("A1", "a first call", func() bool { return len(h.tokens) > 0 })
		t.rest(2500 * time.Millisecond)
		t.check("A1", len(h.tokens) == 1 && !p.ended, "a process that waits for another token", "%d calls; ended: %v", len(h.tokens), p.ended)
		writeToken(t, file, "new")
		h.nextWithin(25*time.Second, "A1", "a stream with the new token").welcome().join(`{}`)
	}},
	{Name: "credentials/expired", Rules: []string{"A1"}, slow: true, About: "A stream that ends with UNAUTHENTICATED comes again once the token differs.", run: func(t *T) {
		file := tokenFile(t, "old")
		h := t.Hub()
		t.start([]*Hub{h}, "HUB_TOKEN_FILE="+file)
		a := h.attach()
		t.locked(func() { h.refuse = unauthenticated("Bearer new") })
		a.stream.stop(codes.Unauthenticated, "TOKEN_EXPIRED")
		t.rest(500 * time.Millisecond)
		writeToken(t, file, "new")
		h.nextWithin(25*time.Second, "A1", "a stream with the new token").welcome().join(`{}`)
	}},
}

// unauthenticated lets in who has one token.
func unauthenticated(right string) func(string) error {
	return func(token string) error {
		if right != "" && token == right {
			return nil
		}
		return statusError(codes.Unauthenticated, &hubv1.Status{Code: hubv1.Code_CODE_UNAUTHENTICATED, Reason: "TOKEN_WRONG"})
	}
}

func tokenFile(t *T, token string) string {
	dir, err := os.MkdirTemp("", "conform")
	if err != nil {
		t.fail("", "a directory", "%v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	file := filepath.Join(dir, "token")
	writeToken(t, file, token)
	return file
}

func writeToken(t *T, file, token string) {
	if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
		t.fail("", "a file", "%v", err)
	}
}
