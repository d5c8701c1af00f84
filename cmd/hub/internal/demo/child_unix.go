//go:build unix

package demo

import "syscall"

// ownGroup keeps Ctrl-C from the child: the parent ends it, in its order.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
