package permit

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/siohub/siohub/controlplane/internal/route"
)

// patterns is a compiled list: exact names, and prefixes of patterns that end in `*`.
type patterns struct {
	all      bool // `*` is in the list
	exact    map[string]struct{}
	prefixes []string
}

// compile checks nothing.
func compile(list []string) patterns {
	p := patterns{exact: make(map[string]struct{}, len(list))}
	for _, s := range list {
		prefix, wild := strings.CutSuffix(s, "*")
		switch {
		case !wild:
			p.exact[s] = struct{}{}
		case prefix == "":
			p.all = true
		default:
			p.prefixes = append(p.prefixes, prefix)
		}
	}
	return p
}

// some reports whether the list names some, and not all.
func (p *patterns) some() bool { return !p.all && len(p.exact)+len(p.prefixes) > 0 }

// name reports whether a name fits. A `*` in it means nothing.
func (p *patterns) name(s string) bool {
	if p.all {
		return true
	}
	if _, ok := p.exact[s]; ok {
		return true
	}
	for _, prefix := range p.prefixes {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}

// covers reports whether everything that fits the pattern s fits the list as well.
func (p *patterns) covers(s string) bool {
	prefix, wild := strings.CutSuffix(s, "*")
	if !wild {
		return p.name(s)
	}
	if p.all {
		return true
	}
	for _, own := range p.prefixes {
		if strings.HasPrefix(prefix, own) {
			return true
		}
	}
	return false
}

// namespaces are patterns whose `*` stands for at least one segment's bytes: `/org/*`
// is not `/org/`, and `/*` is not `/`.
type namespaces struct{ patterns }

func (n *namespaces) name(s string) bool {
	if n.all {
		return true
	}
	if _, ok := n.exact[s]; ok {
		return true
	}
	for _, prefix := range n.prefixes {
		if len(s) > len(prefix) && strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}

// covers is that of patterns; `*` is also the two halves `/` and `/*` together.
func (n *namespaces) covers(s string) bool {
	prefix, wild := strings.CutSuffix(s, "*")
	switch {
	case !wild:
		return n.name(s)
	case prefix == "" && !n.all:
		return n.name("/") && n.patterns.covers("/*")
	}
	return n.patterns.covers(s)
}

// maxRuleBytes is the longest pattern of a rule: the hub's own limit for rooms.
const maxRuleBytes = 256

// checkNamespace says what a namespace pattern of a rule looks like. Empty means that
// this one is right.
func checkNamespace(s string) string {
	if s == "*" || (s != "" && route.CheckNamespace(s) == nil) {
		return ""
	}
	return "a namespace such as /chat, /org/* for all below it, /* for all but /, or * for all"
}

// checkName says the same for any other pattern.
func checkName(s string) string {
	star := strings.IndexByte(s, '*')
	if s != "" && len(s) <= maxRuleBytes && utf8.ValidString(s) && (star < 0 || star == len(s)-1) {
		return ""
	}
	return fmt.Sprintf("a name of at most %d bytes, or its beginning with * at the end", maxRuleBytes)
}
