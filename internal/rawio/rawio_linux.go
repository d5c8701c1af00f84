package rawio

import (
	"syscall"
	"unsafe"
)

// EpollWait asks an epoll set who has something, and does not wait. Errors are a
// syscall.Errno.
func EpollWait(set int, events []syscall.EpollEvent) (int, error) {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(set),
		uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), 0, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
