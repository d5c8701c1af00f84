package relay

import (
	"bufio"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// How a connection between hubs begins. Both ends have to know the same secret, which never travels:
//
//	GET /hub                          ────►
//	                                  ◄──── 401, WWW-Authenticate: Hub challenge="<random>"
//	GET /hub                          ────►
//	Authorization: Hub from="<id>" to="<id>" do="pass" nonce="<random>" proof="<mac>"
//	                                  ◄──── 204, Authentication-Info: Hub id="<id>" proof="<mac>"
//
// proof is HMAC-SHA256 under the secret of everything else that is said, with the random values of both sides: what
// somebody has recorded proves nothing on another connection, and no clocks are compared. It names the hub that is meant,
// so that it is of no use with another hub. A wrong proof is answered with 401 and a new challenge, maxTries times: while a secret is
// being replaced a hub tries those that it knows. With TLS and no secret the same is said under an empty one, and it is
// the certificates that prove.
//
// Without TLS the proof keeps strangers out, and whoever can only listen; what is passed on can be read, and changed by who can
// take over a connection. That is what mTLS is for.

// What a hub comes for.
const (
	doPass     = "pass"     // it passes requests on
	doRelease  = "release"  // polls that came by it are to be answered: it ends
	doIdentify = "identify" // it asks who is there; to is empty
)

const (
	scheme   = "Hub "
	maxTries = 4
	// nonceBytes are drawn by each side.
	nonceBytes = 16
	// helloPath is what a hub asks for before it is let in.
	helloPath = "/hub"
)

// hello is what is said at the beginning of a connection.
type hello struct {
	from, to, do     string
	challenge, nonce string
}

// proof is the MAC of one side.
func (h hello) proof(secret []byte, side string) string {
	mac := hmac.New(sha256.New, secret)
	for _, part := range []string{"siohub cluster 1", side, h.from, h.to, h.do, h.challenge, h.nonce} {
		_, _ = fmt.Fprintf(mac, "%d:%s,", len(part), part) // never fails
	}
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// The sides.
const (
	sideCaller = "caller"
	sideCalled = "called"
)

func newNonce() string {
	var raw [nonceBytes]byte
	_, _ = rand.Read(raw[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// credentials are the values of a header: Hub name="value" name="value".
type credentials map[string]string

func parseCredentials(header string) (credentials, bool) {
	rest, ok := strings.CutPrefix(header, scheme)
	if !ok {
		return nil, false
	}
	c := make(credentials)
	for _, part := range strings.Fields(rest) {
		name, value, ok := strings.Cut(part, "=")
		if !ok || len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
			return nil, false
		}
		c[name] = value[1 : len(value)-1]
	}
	return c, true
}

// Errors of a hello.
var (
	errProof  = errors.New("relay: the other hub does not take the secret, or does not know it")
	errAnswer = errors.New("relay: that is no hub")
	errTarget = errors.New("relay: another hub is there")
)

// introduce says hello on a new connection. It returns the id of the hub that is there.
func introduce(conn net.Conn, secrets [][]byte, from, to, do string) (id string, err error) {
	in := bufio.NewReader(io.LimitReader(conn, helloBytes))
	ask := func(authorization string) (answer, error) {
		lines := "GET " + helloPath + " HTTP/1.1\r\nHost: hub\r\n"
		if authorization != "" {
			lines += "Authorization: " + authorization + "\r\n"
		}
		if _, err := io.WriteString(conn, lines+"\r\n"); err != nil {
			return answer{}, err
		}
		return readAnswer(in)
	}
	a, err := ask("")
	for try := 0; err == nil && try < min(max(len(secrets), 1), maxTries); try++ {
		said, ok := parseCredentials(a.header.Get("Www-Authenticate"))
		if !ok || said["challenge"] == "" {
			return "", errAnswer // also one that lets in whoever comes
		}
		var secret []byte
		if len(secrets) > 0 {
			secret = secrets[try]
		}
		h := hello{from: from, to: to, do: do, challenge: said["challenge"], nonce: newNonce()}
		a, err = ask(fmt.Sprintf(scheme+"from=%q to=%q do=%q nonce=%q proof=%q", from, to, do, h.nonce, h.proof(secret, sideCaller)))
		if err != nil {
			break
		}
		switch a.status {
		case http.StatusUnauthorized:
			continue
		case http.StatusMisdirectedRequest:
			return "", errTarget
		}
		said, ok = parseCredentials(a.header.Get("Authentication-Info"))
		h.to = said["id"]
		if !ok || !hmac.Equal([]byte(said["proof"]), []byte(h.proof(secret, sideCalled))) || to != "" && to != h.to || in.Buffered() > 0 {
			return "", errProof
		}
		return h.to, nil
	}
	if err == nil {
		err = errProof
	}
	return "", err
}

// helloBytes bound all that the called side says before it has proved itself.
const helloBytes = 16 << 10

// answer is one without a body.
type answer struct {
	status int
	header http.Header
}

func readAnswer(in *bufio.Reader) (answer, error) {
	r, err := http.ReadResponse(in, nil)
	if err != nil {
		return answer{}, err
	}
	_ = r.Body.Close()
	switch {
	case r.StatusCode == http.StatusUnauthorized && r.Close:
		return answer{}, errProof
	case r.StatusCode == http.StatusUnauthorized && r.ContentLength == 0,
		r.StatusCode == http.StatusMisdirectedRequest, r.StatusCode == http.StatusNoContent:
		return answer{r.StatusCode, r.Header}, nil
	}
	return answer{}, errAnswer
}
