package engineio

import (
	"maps"
	"net/http"
	"slices"
)

// answerHeaders are those that the configuration gives to answers.
type answerHeaders struct {
	handshakes, all fixedHeaders
}

// fixedHeaders are headers under their canonical names; nobody changes the values, which answers share.
type fixedHeaders []fixedHeader

type fixedHeader struct {
	name   string
	values []string
}

func newAnswerHeaders(c HandshakesConfig) answerHeaders {
	return answerHeaders{handshakes: newFixedHeaders(c.Headers), all: newFixedHeaders(c.AllHeaders)}
}

func newFixedHeaders(h http.Header) (all fixedHeaders) {
	canonical := make(http.Header, len(h))
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			canonical.Add(name, value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(canonical)) {
		all = append(all, fixedHeader{name, slices.Clip(canonical[name])})
	}
	return all
}

// set puts them into the header of an answer.
func (f fixedHeaders) set(h http.Header) {
	for _, one := range f {
		h[one.name] = one.values
	}
}

// add puts them beside what is there.
func (f fixedHeaders) add(h http.Header) {
	for _, one := range f {
		h[one.name] = append(slices.Clip(h[one.name]), one.values...)
	}
}

// header is a header that has them alone; nil where there are none.
func (f fixedHeaders) header() http.Header {
	if len(f) == 0 {
		return nil
	}
	h := make(http.Header, len(f))
	f.set(h)
	return h
}

// decorateHandshake adds what the answer of a handshake has beside what every answer has.
//
// Source: reference 1.1, initial_headers.
func (s *Server) decorateHandshake(h http.Header, sid string) {
	s.config.Cookie.set(h, sid)
	s.headers.handshakes.add(h)
}
