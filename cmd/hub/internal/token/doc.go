// Package token is the one reader of static bearer tokens: of the lines of a tokens
// file and of the entries of `control.tokens`, which have the same form.
//
//	# comment
//	chat: 5KQ…                  a token of at least 16 bytes
//	cron: sha256:9f86d0818…     its hash in 64 hexadecimal digits
//
// A name may have several tokens, so that one can be exchanged without a gap. A token
// belongs to one name only. A Token keeps only the hash: what was read cannot be
// printed, and errors name the line and never repeat it.
//
// What it is not: it opens no file and knows no identity. The package starts no
// goroutine and holds no lock; all of it is safe for concurrent use.
package token
