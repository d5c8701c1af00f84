// Package placeholder holds the rule by which a JSON object stands for a binary
// argument:
//
//	{"_placeholder":true,"num":0}        the place of the first attachment
//
// Every object whose member `_placeholder` is true is a placeholder, at any depth
// and with any other members. Of members with equal names the last one counts; a name
// may be written with escapes. The number is an integer of at most three digits. In a
// payload without attachments nothing is a placeholder. The placeholders of a payload
// fit if each one names an attachment that exists and there are as many of them as
// attachments.
//
// The hub and the Go kit both follow it, each with its own JSON scanner: one checks
// without decoding, the other decodes into Go values. The scanners feed an Object for
// each JSON object, and a Check for each payload. What it is not: a JSON parser.
//
// The package starts no goroutine and holds no lock. Its types are values of one
// scanner, not safe for concurrent use.
package placeholder
