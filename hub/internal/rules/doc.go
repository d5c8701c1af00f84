// Package rules has the rules of the configuration by which handshakes are refused: by path, query, headers, origin and address.
// They are what a callback (`allowRequest`) would decide by looking at the request alone. Whatever needs to know more is decided
// by a service, and nothing here keeps anything.
//
// A Set has rules in an order; the first one whose conditions all hold decides, and a handshake that none fits is let on.
//
// There are no goroutines and no locks; a Set is never changed and may be used at the same time.
package rules
