// Package filewatch notices that small files have changed: tokens, certificates, keys.
//
// Files is a set that changes together, such as a certificate and its key. Once in a
// while Poll reads them and compares what stands in them with what did before, not
// the time stamps: that works for files that are written in place, replaced by a
// rename, or swapped by a symbolic link as Kubernetes does, on every file system. A
// change counts once two polls have seen the same, so that a file which somebody is
// writing, or a certificate whose key comes a moment later, is not taken half.
//
// A file that everybody on the machine may write counts as one that cannot be read.
//
// Run is the only goroutine: one for all files of the process; it ends with its
// context. Files belong to it from then on.
package filewatch
