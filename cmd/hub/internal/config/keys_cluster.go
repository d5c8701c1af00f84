package config

import (
	"net"
	"strings"
)

// Cluster describes how hubs reach each other.
type Cluster struct {
	// Listen is the address of the listener for other hubs. Empty: none.
	Listen string
	// Advertise is the address under which services reach the control plane. Empty: its listener's, see ControlAddress.
	Advertise string
	// AdvertisePeer is the address under which other hubs reach it. Empty: Listen.
	AdvertisePeer string
	// Peers are the addresses of the listeners of all hubs.
	Peers []string
	// SecretFile has the secrets by which hubs prove who they are. Empty: none.
	SecretFile string
	TLS        ClusterTLS
	Relay      ClusterRelay
	Engine     Engine
}

// ClusterTLS has the files of TLS between hubs. Empty means without.
type ClusterTLS struct {
	Cert, Key string
	// CA verifies the certificates of both sides.
	CA string
}

// ClusterRelay bounds what is passed on to other hubs.
type ClusterRelay struct{ Requests, WebSockets int }

// ControlAddress is the address under which services reach this hub, as the others tell theirs. Empty: they are not told.
func (c *Config) ControlAddress() string {
	if c.Cluster.Advertise != "" {
		return c.Cluster.Advertise
	}
	if isEverywhere(c.Control.Listen) {
		return ""
	}
	return c.Control.Listen
}

// isEverywhere reports whether a listener is on every address of the machine, or at a port that is not known yet: nobody can
// be told it.
func isEverywhere(listen string) bool {
	host, port, err := net.SplitHostPort(listen)
	ip := net.ParseIP(host)
	return err != nil || host == "" || port == "0" || ip != nil && ip.IsUnspecified()
}

// PeerAddress is the address under which other hubs reach this one. Empty: they do not.
func (c Cluster) PeerAddress() string {
	if c.AdvertisePeer != "" {
		return c.AdvertisePeer
	}
	return c.Listen
}

func clusterKeys() []Key {
	return group("Cluster: more than one hub (`docs/cluster.md`)",
		newKey("cluster.listen", func(c *Config) *string { return &c.Cluster.Listen }, maybeAddress(),
			"Address for other hubs, which pass on what browsers ask them for sessions of this one. An address that other machines reach wants `cluster.secret_file` or `cluster.tls.ca`. Empty: browsers have to come to the hub that has their session."),
		newKey("cluster.advertise", func(c *Config) *string { return &c.Cluster.Advertise }, maybeAddress(),
			"Address under which services reach `control.listen`, told to services of the other hubs by the cluster's engine, so that they attach here as well. Empty: `control.listen`, unless that is every address of the machine; then nobody is told."),
		newKey("cluster.advertise_peer", func(c *Config) *string { return &c.Cluster.AdvertisePeer }, maybeAddress(),
			"Address under which other hubs reach `cluster.listen`, told to them by the cluster's engine. Empty: `cluster.listen`."),
		newKey("cluster.peers", func(c *Config) *[]string { return &c.Cluster.Peers },
			list("host:port each", isHostPort),
			"Addresses of `cluster.listen` of all hubs, where no engine tells them; this hub's own may be among them, so that all hubs can have the same list. Each is asked every two seconds who is there."),
		newKey("cluster.secret_file", func(c *Config) *string { return &c.Cluster.SecretFile },
			text("a file with one secret of at least 32 characters a line; empty for none", nil),
			"Secret by which hubs prove to each other that they are of one cluster; it never travels. Read again when it changes: the first line is used, and up to four lines are taken, so that a secret is replaced by adding the new one as second line everywhere, then moving it to the first, then removing the old one."),
		newKey("cluster.tls.cert", func(c *Config) *string { return &c.Cluster.TLS.Cert },
			text("a PEM file with the certificate and its chain; empty for none", nil),
			"Certificate of this hub for `cluster.listen` and towards other hubs, read again when it changes. It has to be good for the host of its address, for servers and for clients."),
		newKey("cluster.tls.key", func(c *Config) *string { return &c.Cluster.TLS.Key },
			text("a PEM file with the private key; empty for none", nil),
			"Its private key."),
		newKey("cluster.tls.ca", func(c *Config) *string { return &c.Cluster.TLS.CA },
			text("a PEM file with authorities; empty for none", nil),
			"Authorities that certificates of other hubs have to come from. With it no hub is let in without one. Empty: those of the system verify the hubs that are asked, and `cluster.secret_file` proves who comes."),
		hubKey("cluster.relay.requests", func(c *Config) *int { return &c.Cluster.Relay.Requests }, counts(),
			"Requests that may be passed on to one hub at a time, of which each polling browser has one nearly always. Beyond it 503."),
		hubKey("cluster.relay.websockets", func(c *Config) *int { return &c.Cluster.Relay.WebSockets }, counts(),
			"WebSockets that may be relayed to all other hubs, with two file descriptors each. Beyond it 503."),
	)
}

// isHostPort takes what can be dialed.
func isHostPort(s string) bool {
	host, port, err := net.SplitHostPort(s)
	return err == nil && host != "" && port != "0" && address().check(s) && !strings.ContainsAny(host, " /")
}

// checkCluster checks what belongs together.
func (c *Config) checkCluster(refuse func(bad bool, key string, value any, allowed string)) {
	k := c.Cluster
	refuse(k.TLS.Cert != "" && k.TLS.Key == "", "cluster.tls.key", "", "want the private key of cluster.tls.cert")
	refuse(k.TLS.Key != "" && k.TLS.Cert == "", "cluster.tls.cert", "", "want the certificate of cluster.tls.key")
	refuse(k.TLS.CA != "" && k.TLS.Cert == "", "cluster.tls.cert", "", "want the certificate of this hub with cluster.tls.ca")
	refuse(k.Listen != "" && !IsLoopback(k.Listen) && k.SecretFile == "" && k.TLS.CA == "", "cluster.listen", k.Listen,
		"other machines reach this address; want cluster.secret_file, or cluster.tls.ca with a certificate, by which hubs prove who they are")
	refuse(len(k.Peers) > 0 && k.Listen == "", "cluster.listen", "", "want the address at which the others of cluster.peers reach this hub")
	refuse(k.Engine.Name != "" && k.Listen != "" && k.AdvertisePeer == "" && isEverywhere(k.Listen), "cluster.advertise_peer", "",
		"want the address at which other hubs reach cluster.listen, which is "+k.Listen)
	refuse(len(k.Peers) == 0 && k.Engine.Name == "" && k.Listen != "", "cluster.peers", "", "want the addresses of the other hubs with cluster.listen, or a cluster.engine that tells them")
}
