// Package clientfiles serves the browser's side of Socket.IO: the eight files of
// the npm package socket.io-client, under the names that pages expect.
//
// They come from one of two places: embedded at build time (`make build` fills
// dist/ over a committed placeholder, licence included), or a directory that is
// read once when it is opened. Without the files the names are answered with a
// 404 that says how to get them, so that a page that loads no script is
// understood in a minute.
//
// What it is not: a file server. Only the eight exact names exist; nothing else in
// the directory is ever read, and no symbolic link leads out of it.
//
// Files may be used by many goroutines at the same time and never change. The
// package starts no goroutine; its one lock is the sync.Once of each file's
// compressed forms, gzip and br, which are made when somebody first asks for them.
//
// Spec: socket.io 4.8, serveClient.
package clientfiles
