//go:build !linux && !darwin

package loadgen

// enoughFiles has no limit to look at.
func enoughFiles(Config) error { return nil }
