package rawcreds_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"

	"github.com/siohub/siohub/internal/rawcreds"
)

// pair is a connection, by way of the handshakes of both of its ends.
func pair(t *testing.T) (client, server net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	creds := rawcreds.Wrap(insecure.NewCredentials()).Clone()
	client, _, err = creds.ClientHandshake(context.Background(), "", near)
	if err != nil {
		t.Fatal(err)
	}
	server, _, err = creds.ServerHandshake(far)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(client.Close(), server.Close()) })
	return client, server
}

func TestWrap_WhatIsWrittenIsRead(t *testing.T) {
	client, server := pair(t)
	// More than the kernel holds, in pieces that go raw and pieces that do not.
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	wrote := make(chan error, 1)
	go func() {
		for rest, n := sent, 1; len(rest) > 0; n = n*3 + 1 {
			piece := rest[:min(n, len(rest))]
			rest = rest[len(piece):]
			if _, err := client.Write(piece); err != nil {
				wrote <- err
				return
			}
		}
		wrote <- client.Close()
	}()
	got, err := io.ReadAll(server)
	if err != nil || !bytes.Equal(got, sent) {
		t.Errorf("%d of %d bytes: %v", len(got), len(sent), err)
	}
	if err := <-wrote; err != nil {
		t.Error(err)
	}
}

func TestWrap_DeadlineAndCloseEndARead(t *testing.T) {
	client, server := pair(t)
	_ = client.SetReadDeadline(time.Now().Add(time.Millisecond))
	if _, err := client.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	var timeout net.Error
	_ = client.SetDeadline(time.Now().Add(-time.Second))
	if _, err := client.Write([]byte("x")); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Error(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := server.Read(make([]byte, 1))
		ended <- err
	}()
	_ = server.Close()
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// What gRPC looks for, to hold no buffer while nothing comes.
type readier interface {
	ReadOnReady(size int, pool mem.BufferPool) (*[]byte, int, error)
}

// countingPool counts the buffers that are out.
type countingPool struct{ out int }

func (p *countingPool) Get(n int) *[]byte {
	p.out++
	b := make([]byte, n)
	return &b
}

func (p *countingPool) Put(*[]byte) { p.out-- }

func TestWrap_ReadOnReadyGivesItsBufferBack(t *testing.T) {
	client, server := pair(t)
	r, ok := server.(readier)
	if !ok {
		t.Skip("not raw on this system")
	}
	pool := &countingPool{}
	if _, err := client.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	b, n, err := r.ReadOnReady(16, pool)
	if err != nil || string((*b)[:n]) != "hello" || pool.out != 1 {
		t.Errorf("%d bytes, %d buffers: %v", n, pool.out, err)
	}
	pool.Put(b)
	_ = server.SetReadDeadline(time.Now().Add(time.Millisecond))
	if b, _, err := r.ReadOnReady(16, pool); b != nil || !errors.Is(err, os.ErrDeadlineExceeded) || pool.out != 0 {
		t.Errorf("%d buffers while nothing comes: %v", pool.out, err)
	}
	_ = server.SetReadDeadline(time.Time{})
	_ = client.Close()
	if b, _, err := r.ReadOnReady(16, pool); b != nil || err != io.EOF || pool.out != 0 {
		t.Errorf("%d buffers at the end: %v", pool.out, err)
	}
}

func TestWrap_ReadsAndWritesAllocateNothing(t *testing.T) {
	client, server := pair(t)
	p := make([]byte, 64)
	n := testing.AllocsPerRun(100, func() {
		if _, err := client.Write(p); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(server, p); err != nil {
			t.Fatal(err)
		}
	})
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestWrap_WhatIsNotTCPStays(t *testing.T) {
	a, b := net.Pipe()
	defer b.Close()
	defer a.Close()
	c, _, err := rawcreds.Wrap(insecure.NewCredentials()).ServerHandshake(a)
	if err != nil || c != a {
		t.Error(c, err)
	}
}
