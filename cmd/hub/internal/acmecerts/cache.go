package acmecerts

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
)

// openCache makes the directory, or checks that it is one which only its owner may use: who reads it has the private keys.
func openCache(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return cause(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return cause(err)
	}
	if !info.IsDir() {
		return errors.New("not a directory")
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return fmt.Errorf("others on this machine may use it (mode %04o), and it has private keys; want chmod 0700", mode)
	}
	// Better now than with the first certificate.
	probe, err := os.CreateTemp(path, "probe")
	if err != nil {
		return cause(err)
	}
	_ = probe.Close()
	return cause(os.Remove(probe.Name()))
}

// cause is an error without the path, which stands beside it wherever it is told.
func cause(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
