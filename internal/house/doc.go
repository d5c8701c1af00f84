// Package house holds the tests that look at the tree as a whole: who imports
// whom, what the binary depends on, whether the README's program compiles. It has
// no code of its own.
//
// The table of packages stands in layout_test.go as data. A new package needs a
// line there, which is the moment to think about where it belongs: an arrow only
// ever points down.
//
// The dependencies of cmd/hub are kept in cmd/hub/depaware.txt, one line for each
// module and the packages that bring it in. A change shows in review; `make
// depaware` accepts it.
package house
