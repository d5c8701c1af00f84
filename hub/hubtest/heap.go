package hubtest

import "runtime"

// Heap is how many bytes of the heap are in use, without what pools keep. What else runs at the same time is in it.
func Heap() int64 {
	for range 3 { // a pool gives after two
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
