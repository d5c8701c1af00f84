package conform

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// logged waits until the program's log has an entry that is the same JSON. A last
// element "…" stands for whatever comes.
func (a *Attachment) logged(rule, want string) string {
	return a.loggedWhen(rule, want, func(entries []string) string {
		for _, entry := range entries {
			if like(entry, want) {
				return entry
			}
		}
		return ""
	})
}

// loggedWhen asks for the log again and again until pick finds something.
func (a *Attachment) loggedWhen(rule, want string, pick func(entries []string) string) string {
	deadline := time.Now().Add(a.t.opts.Patience)
	for {
		entries := a.log()
		if found := pick(entries); found != "" {
			return found
		}
		if time.Now().After(deadline) {
			a.t.fail(rule, want+" in the program's log", "%s", tailOf(entries))
		}
		a.t.rest(20 * time.Millisecond)
	}
}

// count is how many entries of the log are like one.
func (a *Attachment) count(want string) (n int) {
	for _, entry := range a.log() {
		if like(entry, want) {
			n++
		}
	}
	return n
}

func tailOf(entries []string) string {
	if len(entries) > 12 {
		entries = append([]string{fmt.Sprintf("%d others", len(entries)-12)}, entries[len(entries)-12:]...)
	}
	return "[" + strings.Join(entries, " ") + "]"
}

// like compares a log's entry with a pattern.
func like(entry, pattern string) bool {
	if sameJSON(entry, pattern) {
		return true
	}
	var have, want []json.RawMessage
	if json.Unmarshal([]byte(entry), &have) != nil || json.Unmarshal([]byte(pattern), &want) != nil || len(want) == 0 {
		return false
	}
	last := len(want) - 1
	if string(want[last]) != `"…"` || len(have) < last {
		return false
	}
	for i := range last {
		if !sameJSON(string(have[i]), string(want[i])) {
			return false
		}
	}
	return true
}

// member reads one member of a JSON object, "" when it is not there.
func member(object string, path ...string) string {
	current := json.RawMessage(object)
	for _, name := range path {
		var members map[string]json.RawMessage
		if json.Unmarshal(current, &members) != nil || members[name] == nil {
			return ""
		}
		current = members[name]
	}
	var text string
	if strings.HasPrefix(string(current), `"`) && json.Unmarshal(current, &text) == nil {
		return text
	}
	return string(current)
}

// element reads one element of a JSON array, "" when it is not there.
func element(array string, i int) string {
	var elements []json.RawMessage
	if json.Unmarshal([]byte(array), &elements) != nil || i >= len(elements) {
		return ""
	}
	return string(elements[i])
}
