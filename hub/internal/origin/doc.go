// Package origin says which pages may talk to the server, and tells browsers so by CORS.
//
// Config names the pages of other hosts. Policy is the rule: Check holds a request against it, whatever transport it
// asks for, Preflight answers what browsers ask before they send one, and Decorate adds the headers to an
// answer. How a request is refused is the caller's; that it was is logged here, with the option that would allow it.
// github.com/rs/cors writes the headers.
//
// It does not know who the user is, and it protects from pages alone: whoever is no browser sends the Origin it likes.
//
// There are no goroutines and no locks: a Policy is immutable.
package origin
