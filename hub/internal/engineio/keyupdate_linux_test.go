package engineio_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
)

// keyUpdater writes records of TLS 1.3 as a client, also those that crypto/tls does not send. It comes in place of tls.Conn.Write.
type keyUpdater struct {
	net.Conn // of TLS, for reading
	t        *testing.T
	secret   []byte
	aead     cipher.AEAD
	iv       []byte
	sent     uint64 // records under the present key
	out      bytes.Buffer
}

// updater dials with TLS.
func (st *station) updater(at string) *keyUpdater {
	st.t.Helper()
	socket, err := net.Dial("tcp", at)
	if err != nil {
		st.t.Fatal(err)
	}
	_ = socket.(*net.TCPConn).SetReadBuffer(4096)
	_ = socket.SetDeadline(time.Now().Add(time.Minute))
	var keys bytes.Buffer
	c := tls.Client(socket, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13, KeyLogWriter: &keys})
	if err := c.Handshake(); err != nil {
		st.t.Fatal(err)
	}
	if c.ConnectionState().CipherSuite != tls.TLS_AES_128_GCM_SHA256 {
		st.t.Skip("crypto/tls prefers another cipher without AES in hardware")
	}
	k := &keyUpdater{Conn: c, t: st.t}
	for line := range strings.Lines(keys.String()) {
		if fields := strings.Fields(line); fields[0] == "CLIENT_TRAFFIC_SECRET_0" {
			k.secret, _ = hex.DecodeString(fields[2])
		}
	}
	k.rekey()
	return k
}

// expand is HKDF-Expand-Label.
//
// Spec: RFC 8446, 7.1.
func (k *keyUpdater) expand(label string, size int) []byte {
	label = "tls13 " + label
	info := binary.BigEndian.AppendUint16(nil, uint16(size))
	info = append(append(info, byte(len(label))), label...)
	out, err := hkdf.Expand(sha256.New, k.secret, string(append(info, 0)), size)
	if err != nil {
		k.t.Fatal(err)
	}
	return out
}

// rekey derives the keys of the secret.
func (k *keyUpdater) rekey() {
	block, err := aes.NewCipher(k.expand("key", 16))
	if err != nil {
		k.t.Fatal(err)
	}
	if k.aead, err = cipher.NewGCM(block); err != nil {
		k.t.Fatal(err)
	}
	k.iv, k.sent = k.expand("iv", 12), 0
}

// record seals one, for Write.
//
// Spec: RFC 8446, 5.2.
func (k *keyUpdater) record(kind byte, data []byte) {
	nonce := bytes.Clone(k.iv)
	for i, b := range binary.BigEndian.AppendUint64(nil, k.sent) {
		nonce[4+i] ^= b
	}
	k.sent++
	header := binary.BigEndian.AppendUint16([]byte{23, 3, 3}, uint16(len(data)+1+k.aead.Overhead()))
	k.out.Write(header)
	k.out.Write(k.aead.Seal(nil, nonce, append(bytes.Clone(data), kind), header))
}

// update asks for a key update and makes its own.
//
// Spec: RFC 8446, 4.6.3.
func (k *keyUpdater) update() {
	k.record(22, []byte{24, 0, 0, 1, 1})
	k.secret = k.expand("traffic upd", sha256.Size)
	k.rekey()
}

// Write implements net.Conn.
func (k *keyUpdater) Write(p []byte) (int, error) {
	k.record(23, p)
	if _, err := k.out.WriteTo(k.Conn.(*tls.Conn).NetConn()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Whoever asks for key updates and does not read the answers makes the server hold no more than a little, and is closed.
func TestTLS_KeyUpdatesThatAreNotRead(t *testing.T) {
	st := newTLSStation(t, nil)
	st.silent = true
	first := st.rawSocket("EIO=4&transport=websocket", "")
	defer first.Close()
	k := st.updater(first.RemoteAddr().String())
	w := st.rawUpgradeOver(k, "EIO=4&transport=websocket", "")
	s := st.session(1)
	if op, data := w.frame(); op != 1 || data[0] != '0' {
		t.Fatalf("open packet: %d %q", op, data)
	}
	// More than the kernel takes.
	if err := s.Send(nil, []*engineio.Message{text(strings.Repeat("x", 12<<20))}, false); err != nil {
		t.Fatal(err)
	}
	var updates sync.WaitGroup
	updates.Go(func() {
		for err := error(nil); err == nil; {
			for range 16 {
				k.update()
			}
			_, err = k.Write(client(0x8a, "")) // crypto/tls wants some data now and then
		}
	})
	defer updates.Wait()
	defer k.Close()
	const most = 128 << 10
	eventually(t, "no end", func() bool { return s.Encrypted() > most || len(st.closes) > 0 })
	if n := s.Encrypted(); n > most {
		t.Errorf("%d bytes are kept", n)
	}
	st.wantSlow("too_slow")
}
