package engineio

import (
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A thin line takes longer than WriteTimeout for much, but it does take something.
func TestConn_DrainWaitsForWhoeverGoesOnReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		const size = 1 << 20
		var reader sync.WaitGroup
		reader.Go(func() {
			piece := make([]byte, 16<<10)
			for n := 0; n < size; n += len(piece) {
				time.Sleep(time.Second)
				if _, err := io.ReadFull(theirs, piece); err != nil {
					return
				}
			}
		})
		var c conn
		c.init(ours)
		if err := c.writeFrame(make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := c.drain(nil); err != nil {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		// Not before drain is done: a pipe whose other end is closed takes no deadline.
		c.close()
		_ = theirs.Close()
		reader.Wait()
	})
}
