package acmecerts

import (
	"context"
	"crypto/tls"
	"sync"
	"time"
)

const (
	// firstRetry is the time after which a certificate that was refused is asked for again: autocert remembers a
	// failure for a minute. It doubles up to longestRetry, as authorities allow a few failures an hour.
	firstRetry   = 70 * time.Second
	longestRetry = time.Hour
	// overduePeriod is the time from one warning of an old certificate to the next.
	overduePeriod = time.Hour
)

// Run obtains certificates and follows their renewal until ctx ends. The listener is open before.
func (c *Certificates) Run(ctx context.Context) {
	c.authority.begin(ctx)
	defer c.authority.end()
	var running sync.WaitGroup
	for _, host := range c.options.Hosts {
		running.Go(func() { c.follow(ctx, host) })
	}
	running.Wait()
}

// follow takes over what autocert has of one host.
func (c *Certificates) follow(ctx context.Context, host string) {
	// As browsers have been for ten years: the key is ECDSA.
	hello := &tls.ClientHelloInfo{ServerName: host, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}}
	for retry := firstRetry; ; {
		cert, err := c.manager.GetCertificate(hello)
		if ctx.Err() != nil {
			return
		}
		var next time.Duration
		if err == nil {
			next, retry = c.take(host, cert), firstRetry
		} else {
			next, retry = retry, min(2*retry, longestRetry)
			c.log.Warn("no certificate from the authority: browsers that ask for this host are turned away", "host", host, "error", err,
				"option", "tls.acme.hosts", "again_in", next)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(next):
		}
	}
}

// take puts a certificate in force, and says when to look for the next one.
func (c *Certificates) take(host string, cert *tls.Certificate) (next time.Duration) {
	from, until := cert.Leaf.NotBefore, cert.Leaf.NotAfter
	if old := c.current[host].Swap(cert); old == nil || !old.Leaf.Equal(cert.Leaf) {
		c.log.Info("certificate of the authority in force", "host", host, "expires", until)
		c.options.Obtained(host, until)
	}
	life := until.Sub(from)
	// autocert renews it at this age, and tries again twice an hour.
	renewal := min(life/3, 30*24*time.Hour)
	if left := time.Until(until); left < renewal*3/4 {
		c.overdue.Warn("certificate is not renewed: the old one stays until it expires", "host", host, "expires", until, "option", "tls.acme.directory")
	}
	return min(max(life/100, time.Second), time.Minute)
}

// allowed is autocert's HostPolicy, of handshakes and of requests of HTTP-01.
func (c *Certificates) allowed(_ context.Context, host string) error {
	if _, known := c.current[normal(host)]; !known {
		return errUnknownHost
	}
	return nil
}
