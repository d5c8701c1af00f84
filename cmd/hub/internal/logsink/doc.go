// Package logsink stands between everything that logs and the file that the log goes to, so
// that whoever reads the log cannot harm the program: a reader that stops, a disk that is
// full and a pipe that is broken cost lines and nothing else.
//
//	slog, gRPC, the demo's service ─► Sink ─► queue (1 MiB) ─► stderr
//
// Write copies a line into the queue and returns; it never waits and never fails. A line
// that finds the queue full, or that the file does not take, is lost and counted. As soon
// as the file takes lines again, one more says how many were lost.
//
// What it is not: a handler of slog, a log file, a guarantee. What stands in the queue when
// the process is killed is lost; Flush at an orderly end waits for it, for a bounded time.
//
// A Sink is safe for concurrent use. It has one goroutine while something is queued, and
// none at rest. A file that takes nothing keeps that goroutine until the process ends.
// Its lock is a leaf and is never held while the file is written.
package logsink
