package engineio

import (
	"testing"
	"unsafe"
)

// An idle browser has one of each: they stay within these classes of the allocator.
func TestSize_OfAnIdleBrowser(t *testing.T) {
	for name, c := range map[string]struct{ size, most uintptr }{
		"Session":   {unsafe.Sizeof(Session{}), 224},
		"webSocket": {unsafe.Sizeof(webSocket{}), 128},
	} {
		if c.size > c.most {
			t.Errorf("a %s has %d bytes, more than %d", name, c.size, c.most)
		}
	}
}
