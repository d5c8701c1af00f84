package rates

import (
	"encoding/binary"
	"net/netip"
)

// Network is what an address counts as: itself, or for IPv6 its first 64 bits.
type Network uint64

// Unlimited is an address that is not limited.
const Unlimited Network = 0

// loopback stands for ::1, whose first 64 bits are zero.
const loopback Network = 1

// Network returns what an address counts as: Unlimited for one that is none, and for loopback and private addresses unless
// Limits.Private.
func (a *Addresses) Network(ip netip.Addr) Network {
	ip = ip.Unmap()
	if !ip.IsValid() || !a.limits.Private && (ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()) {
		return Unlimited
	}
	if ip.Is4() {
		b := ip.As4()
		// No address of IPv6 begins like this: 0::/8 is reserved.
		return 0xffff<<32 | Network(binary.BigEndian.Uint32(b[:]))
	}
	b := ip.As16()
	return max(loopback, Network(binary.BigEndian.Uint64(b[:8])))
}

// NetworkOf is Network for an address in text form.
func (a *Addresses) NetworkOf(text string) Network {
	ip, err := netip.ParseAddr(text)
	if err != nil {
		return Unlimited
	}
	return a.Network(ip)
}
