//go:build unix

package rawio

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// ReadNow reads what is there. No bytes are an error: io.EOF at the end, syscall.EAGAIN before.
func ReadNow(fd int, p []byte) (int, error) {
	for {
		n, err := Read(fd, p)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			return 0, err
		case err != nil:
			return 0, os.NewSyscallError("read", err)
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

// WriteNow writes what the kernel takes at once. Fewer bytes than all, or none, are no error.
func WriteNow(fd int, p []byte) (put int, err error) {
	for put < len(p) {
		n, err := Write(fd, p[put:])
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN):
			return put, nil
		case err != nil:
			return put, os.NewSyscallError("write", err)
		case n == 0:
			return put, nil
		}
		put += n
	}
	return put, nil
}
