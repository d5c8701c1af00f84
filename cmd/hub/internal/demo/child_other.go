//go:build !unix

package demo

import "syscall"

// ownGroup has no meaning here.
func ownGroup() *syscall.SysProcAttr { return nil }
