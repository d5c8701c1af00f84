package fault

import (
	"fmt"
	"slices"
	"strings"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// Entry describes a reason, for docs/contract.md.
type Entry struct {
	// Name is the upper-snake word in Status.reason.
	Name string
	// Code is the class that it always comes with. CODE_UNSPECIFIED for a warning.
	Code hubv1.Code
	// Meaning is one sentence or two, in Markdown.
	Meaning string
}

// Reasons are all reasons that the hub gives, sorted by code and name.
func Reasons() []Entry {
	all := make([]Entry, reasons)
	for r, e := range table {
		all[r] = Entry{Name: e.name, Code: e.code, Meaning: e.meaning}
	}
	slices.SortFunc(all, func(a, b Entry) int {
		if a.Code != b.Code {
			return int(a.Code) - int(b.Code)
		}
		return strings.Compare(a.Name, b.Name)
	})
	return all
}

// Markdown is the table of all reasons, for docs/contract.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString("| code | reason | meaning |\n| --- | --- | --- |\n")
	for _, e := range Reasons() {
		fmt.Fprintf(&b, "| %s | `%s` | %s |\n", CodeName(e.Code), e.Name, e.Meaning)
	}
	return b.String()
}

// String is the upper-snake word in Status.reason.
func (r Reason) String() string { return table[r.known()].name }

// Code is the class of the error. CODE_UNSPECIFIED for a warning.
func (r Reason) Code() hubv1.Code { return table[r.known()].code }

// known is the reason, or Internal for a number that is none.
func (r Reason) known() Reason {
	if r >= reasons {
		return Internal
	}
	return r
}

// Lookup finds a reason by its name.
func Lookup(name string) (Reason, bool) {
	r, ok := byName[name]
	return r, ok
}

var byName = func() map[string]Reason {
	m := make(map[string]Reason, reasons)
	for r, e := range table {
		m[e.name] = Reason(r)
	}
	return m
}()
