package argjson

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// field is one JSON member of a struct type, by the rules of encoding/json.
type field struct {
	name   string
	quoted string // name as JSON, with the colon
	index  []int  // path through embedded structs
	typ    reflect.Type
	tagged bool

	omitEmpty, omitZero, asString bool
}

// structFields are the members of one struct type. Never changed once made.
type structFields struct {
	list   []field
	byName map[string]int // by name and, where that is free, by lower-case name
}

var fieldCache sync.Map // reflect.Type to *structFields

func fieldsOf(t reflect.Type) *structFields {
	if cached, ok := fieldCache.Load(t); ok {
		return cached.(*structFields)
	}
	made, _ := fieldCache.LoadOrStore(t, newStructFields(t))
	return made.(*structFields)
}

func newStructFields(t reflect.Type) *structFields {
	all := collectFields(nil, t, nil, map[reflect.Type]bool{})
	// Of equal names the one nearest to the surface wins, then the tagged one; what
	// is still ambiguous is left out, all of it.
	slices.SortStableFunc(all, func(a, b field) int {
		return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(len(a.index), len(b.index)), -compareBool(a.tagged, b.tagged))
	})
	fields := &structFields{byName: map[string]int{}}
	for i := 0; i < len(all); {
		j := i + 1
		for j < len(all) && all[j].name == all[i].name {
			j++
		}
		if j == i+1 || len(all[i].index) < len(all[i+1].index) || all[i].tagged != all[i+1].tagged {
			fields.list = append(fields.list, all[i])
		}
		i = j
	}
	slices.SortFunc(fields.list, func(a, b field) int { return slices.Compare(a.index, b.index) })
	fields.name()
	return fields
}

func (f *structFields) name() {
	for i := range f.list {
		e := encoder{}
		e.string(f.list[i].name)
		f.list[i].quoted = string(e.buf) + ":"
		f.byName[f.list[i].name] = i
	}
	for i := range f.list {
		lower := strings.ToLower(f.list[i].name)
		if _, taken := f.byName[lower]; !taken {
			f.byName[lower] = i
		}
	}
}

// find returns the member for a JSON name: exact before any case.
func (f *structFields) find(name string) *field {
	i, ok := f.byName[name]
	if !ok {
		if i, ok = f.byName[strings.ToLower(name)]; !ok || !strings.EqualFold(f.list[i].name, name) {
			return nil
		}
	}
	return &f.list[i]
}

func collectFields(all []field, t reflect.Type, path []int, seen map[reflect.Type]bool) []field {
	if seen[t] {
		return all // a type that embeds itself
	}
	seen[t] = true
	defer delete(seen, t)
	for i := range t.NumField() {
		sf := t.Field(i)
		inner := sf.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		tag := sf.Tag.Get("json")
		if tag == "-" || !sf.IsExported() && !(sf.Anonymous && inner.Kind() == reflect.Struct) {
			continue
		}
		index := append(slices.Clip(path), i)
		name, options, _ := strings.Cut(tag, ",")
		if sf.Anonymous && name == "" && inner.Kind() == reflect.Struct {
			// Memory behind an unexported embedded pointer cannot be set by reflection.
			if sf.IsExported() || sf.Type.Kind() != reflect.Pointer {
				all = collectFields(all, inner, index, seen)
			}
			continue
		}
		if !sf.IsExported() {
			continue
		}
		all = append(all, newField(sf, name, options, index))
	}
	return all
}

func newField(sf reflect.StructField, name, options string, index []int) field {
	f := field{name: name, index: index, typ: sf.Type, tagged: name != ""}
	if name == "" {
		f.name = sf.Name
	}
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "omitempty":
			f.omitEmpty = true
		case "omitzero":
			f.omitZero = true
		case "string":
			f.asString = isScalar(sf.Type.Kind())
		}
	}
	return f
}

func isScalar(k reflect.Kind) bool {
	return k == reflect.Bool || k == reflect.String ||
		k >= reflect.Int && k <= reflect.Float64 && k != reflect.Uintptr
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
