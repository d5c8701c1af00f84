//go:build !race

package rawio

import (
	"syscall"
	"unsafe"
)

// Read is syscall.Read for a descriptor that does not block. Errors are a
// syscall.Errno; zero bytes without an error are the end.
func Read(fd int, p []byte) (int, error) {
	if len(p) == 0 || len(p) > most {
		return syscall.Read(fd, p)
	}
	return call(syscall.SYS_READ, fd, p)
}

// Write is syscall.Write for a descriptor that does not block. Errors are a
// syscall.Errno.
func Write(fd int, p []byte) (int, error) {
	if len(p) == 0 || len(p) > most {
		return syscall.Write(fd, p)
	}
	return call(syscall.SYS_WRITE, fd, p)
}

func call(trap uintptr, fd int, p []byte) (int, error) {
	n, _, errno := syscall.RawSyscall(trap, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
