// Package rawio reads and writes sockets that do not block, without telling Go's
// scheduler.
//
// Around each system call of package syscall the runtime prepares for one that takes
// long. In a process that has just been idle that wakes its monitor thread: a futex call,
// two or three switches between threads and a sleep of 20 µs or more, for each wake-up.
// At 1 000 echoes a second these were a third of the hub's system calls and two thirds of
// its thread switches. A call on a socket that does not block has no need of it.
//
// It is not for files, pipes and sockets that may block: a call that waits would keep
// all other goroutines of its processor waiting, and a garbage collection. So large
// pieces, which the kernel is busy with for long, go the ordinary way.
//
// ReadNow and WriteNow are what a caller wants who takes what there is: a call that was
// interrupted is made again, and the end has an error of its own. EpollWait (on Linux)
// asks an epoll set without waiting. Wrap does it for a net.Conn: a Conn waits as others do, in
// Go's own poller.
//
// All functions are safe for concurrent use. Systems other than Linux have the ordinary
// calls.
package rawio

// most is how many bytes are read or written in a raw call: copying them takes the
// kernel some 10 µs.
const most = 64 << 10
