package contractdoc

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// files are the files of hub.v1, by their path.
func files() []protoreflect.FileDescriptor {
	var all []protoreflect.FileDescriptor
	protoregistry.GlobalFiles.RangeFilesByPackage(hubv1.File_hub_v1_attach_proto.Package(), func(f protoreflect.FileDescriptor) bool {
		all = append(all, f)
		return true
	})
	slices.SortFunc(all, func(a, b protoreflect.FileDescriptor) int { return cmp.Compare(a.Path(), b.Path()) })
	return all
}

// numbers is a table of the numbers of each file's messages and enums.
func numbers() string {
	var b strings.Builder
	for _, f := range files() {
		fmt.Fprintf(&b, "\n### %s\n\n| message or enum | in use | reserved | kept | free |\n| --- | --- | --- | --- | --- |\n", f.Path())
		for i := range f.Messages().Len() {
			row(&b, messageNumbers(f.Messages().Get(i)))
		}
		for i := range f.Enums().Len() {
			row(&b, enumNumbers(f.Enums().Get(i)))
		}
	}
	return b.String() + "\n"
}

// numbering says what is known of the numbers of a message or an enum.
type numbering struct {
	name            string
	first           int32 // the least number that can be used
	used, keptNames map[int32]string
	reserved        []span
}

// span is a range of numbers with both ends in it.
type span struct{ from, to int32 }

func messageNumbers(m protoreflect.MessageDescriptor) numbering {
	n := numbering{name: string(m.Name()), first: 1, used: map[int32]string{}, keptNames: map[int32]string{}}
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		n.used[int32(f.Number())] = string(f.Name())
	}
	for i := range m.ReservedRanges().Len() {
		r := m.ReservedRanges().Get(i) // its end is not in it
		n.reserved = append(n.reserved, span{int32(r[0]), int32(r[1]) - 1})
	}
	for _, k := range kept {
		if k.message == n.name {
			n.keptNames[k.number] = k.name
		}
	}
	return n
}

func enumNumbers(e protoreflect.EnumDescriptor) numbering {
	n := numbering{name: string(e.Name()), used: map[int32]string{}}
	for i := range e.Values().Len() {
		v := e.Values().Get(i)
		n.used[int32(v.Number())] = strings.TrimPrefix(string(v.Name()), prefix(e))
	}
	for i := range e.ReservedRanges().Len() {
		r := e.ReservedRanges().Get(i)
		n.reserved = append(n.reserved, span{int32(r[0]), int32(r[1])})
	}
	return n
}

// prefix is what all values of an enum begin with.
func prefix(e protoreflect.EnumDescriptor) string {
	return strings.TrimSuffix(string(e.Values().ByNumber(0).Name()), "UNSPECIFIED")
}

func row(b *strings.Builder, n numbering) {
	reserved := make([]string, len(n.reserved))
	for i, r := range n.reserved {
		reserved[i] = r.String()
	}
	fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", n.name, list(n.used), strings.Join(reserved, ", "), list(n.keptNames), n.free())
}

// list is `name` number, …, by number.
func list(named map[int32]string) string {
	all := make([]int32, 0, len(named))
	for number := range named {
		all = append(all, number)
	}
	slices.Sort(all)
	words := make([]string, len(all))
	for i, number := range all {
		words[i] = fmt.Sprintf("`%s` %d", named[number], number)
	}
	return strings.Join(words, ", ")
}

// free are the numbers that a new field can have: the gaps, and all beyond the last.
func (n numbering) free() string {
	taken := slices.Clone(n.reserved)
	for _, names := range []map[int32]string{n.used, n.keptNames} {
		for number := range names {
			taken = append(taken, span{number, number})
		}
	}
	slices.SortFunc(taken, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var gaps []string
	next := n.first
	for _, s := range taken {
		if s.from > next {
			gaps = append(gaps, span{next, s.from - 1}.String())
		}
		next = max(next, s.to+1)
	}
	return strings.Join(append(gaps, fmt.Sprintf("%d and beyond", next)), ", ")
}

func (s span) String() string {
	if s.from == s.to {
		return fmt.Sprint(s.from)
	}
	return fmt.Sprintf("%d–%d", s.from, s.to)
}

// A number is kept for a field that is not there; when the field comes, under that
// number, its line goes.
func TestKept_AreFreeInTheProto(t *testing.T) {
	messages := map[string]protoreflect.MessageDescriptor{}
	for _, f := range files() {
		for i := range f.Messages().Len() {
			messages[string(f.Messages().Get(i).Name())] = f.Messages().Get(i)
		}
	}
	for _, k := range kept {
		m, ok := messages[k.message]
		if !ok {
			t.Errorf("there is no message %s", k.message)
			continue
		}
		if f := m.Fields().ByNumber(protoreflect.FieldNumber(k.number)); f != nil {
			t.Errorf("%s has %s under the number %d that is kept for %s: take the line out if that is it", k.message, f.Name(), k.number, k.name)
		}
		if f := m.Fields().ByName(protoreflect.Name(k.name)); f != nil {
			t.Errorf("%s.%s has the number %d; %d was kept for it", k.message, k.name, f.Number(), k.number)
		}
	}
}

func TestNumbering_Free(t *testing.T) {
	n := numbering{
		first: 1, used: map[int32]string{1: "a", 2: "b", 5: "c"}, keptNames: map[int32]string{8: "d"},
		reserved: []span{{3, 3}, {6, 7}},
	}
	if got := n.free(); got != "4, 9 and beyond" {
		t.Errorf("free: %s", got)
	}
	if got := (numbering{first: 1}).free(); got != "1 and beyond" {
		t.Errorf("of an empty message: %s", got)
	}
}
