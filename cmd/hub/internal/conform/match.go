package conform

import (
	"slices"
	"strings"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// defaultKinds are those of a subscription that names none.
var defaultKinds = []hubv1.Kind{hubv1.Kind_KIND_CONNECTED, hubv1.Kind_KIND_EVENT, hubv1.Kind_KIND_DISCONNECTED}

// find returns the subscription of a hello to which something belongs: the one with the
// most specific pattern, of equal ones the first. Nil: none asks for it.
func find(hello *hubv1.Hello, role hubv1.Role, kind hubv1.Kind, namespace, event string) (best *hubv1.Subscription) {
	rank := -1
	for _, s := range hello.GetSubscriptions() {
		if s.GetRole() != role || role == hubv1.Role_ROLE_HANDLER && !asksFor(s, kind) {
			continue
		}
		at := specific(s.GetNamespace(), namespace, "*")
		if at < 0 {
			continue
		}
		at *= 1000
		if kind == hubv1.Kind_KIND_EVENT && len(s.GetEvents()) > 0 {
			within := -1
			for _, pattern := range s.GetEvents() {
				within = max(within, specific(pattern, event, "*"))
			}
			if within < 0 {
				continue
			}
			at += within
		}
		if at > rank {
			best, rank = s, at
		}
	}
	return best
}

func asksFor(s *hubv1.Subscription, kind hubv1.Kind) bool {
	kinds := s.GetKinds()
	if len(kinds) == 0 {
		kinds = defaultKinds
	}
	return slices.Contains(kinds, kind)
}

// specific says how exactly a pattern fits a name: -1 not at all, then the longer the
// better, and exact best.
func specific(pattern, name, wildcard string) int {
	prefix, isPrefix := strings.CutSuffix(pattern, wildcard)
	switch {
	case pattern == name:
		return 999
	case isPrefix && prefix == "/" && name == "/":
		return -1
	case isPrefix && strings.HasPrefix(name, prefix):
		return min(len(prefix)+1, 998)
	}
	return -1
}
