//go:build !unix

package descriptors

import "net"

func limit() int { return 0 }

func numberOf(any) (int, bool) { return 0, false }

func lowestFree(net.Listener, int) (int, bool) { return 0, false }
