package controlplane

import (
	"testing"
	"unsafe"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
)

// An idle browser has one of each: they stay within these classes of the allocator.
func TestSize_OfAnIdleBrowser(t *testing.T) {
	for name, c := range map[string]struct{ size, most uintptr }{
		"socket": {unsafe.Sizeof(socket{}), 176},
		"member": {unsafe.Sizeof(member{}), 48},
		"Lane":   {unsafe.Sizeof(dispatch.Lane{}), 288},
	} {
		if c.size > c.most {
			t.Errorf("a %s has %d bytes, more than %d", name, c.size, c.most)
		}
	}
}
