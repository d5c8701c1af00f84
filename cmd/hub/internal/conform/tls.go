package conform

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// authority makes certificates for the hubs and programs of one case.
type authority struct {
	t           *T
	dir         string
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pool        *x509.CertPool
	// CA is the file with its certificate.
	CA string
}

func (t *T) authority() *authority {
	dir, err := os.MkdirTemp("", "conform")
	if err != nil {
		t.fail("", "a directory", "%v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	a := &authority{t: t, dir: dir, pool: x509.NewCertPool()}
	template := a.template("conform authority")
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	a.key = a.newKey()
	der := a.must(x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key))
	if a.certificate, err = x509.ParseCertificate(der); err != nil {
		t.fail("", "a certificate", "%v", err)
	}
	a.pool.AddCert(a.certificate)
	a.CA = a.write("ca.pem", "CERTIFICATE", der)
	return a
}

func (a *authority) template(name string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		a.t.fail("", "a number", "%v", err)
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

// issue makes a certificate for a name, and the files with it and its key.
func (a *authority) issue(name string) (certificate tls.Certificate, certFile, keyFile string) {
	template := a.template(name)
	template.DNSNames = []string{name}
	key := a.newKey()
	der := a.must(x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key))
	keyDER := a.must(x509.MarshalECPrivateKey(key))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		a.write(name+".pem", "CERTIFICATE", der), a.write(name+".key", "EC PRIVATE KEY", keyDER)
}

func (a *authority) newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.fail("", "a key", "%v", err)
	}
	return key
}

func (a *authority) must(der []byte, err error) []byte {
	if err != nil {
		a.t.fail("", "a certificate", "%v", err)
	}
	return der
}

func (a *authority) write(name, kind string, der []byte) string {
	file := filepath.Join(a.dir, name)
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.fail("", "a file", "%v", err)
	}
	return file
}
