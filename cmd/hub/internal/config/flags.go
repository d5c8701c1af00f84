package config

import (
	"fmt"
	"reflect"
	"strings"
)

// FlagSet holds the flags of all keys as the fields of a struct made at run time,
// because the command line parser takes its flags from a struct and the table is
// the only place where options are listed.
type FlagSet struct {
	keys   []Key
	fields reflect.Value
}

// NewFlagSet returns a set in which no flag is given.
func NewFlagSet() *FlagSet {
	s := &FlagSet{}
	var fields []reflect.StructField
	for _, k := range Keys() {
		if k.Flag() == "" {
			continue
		}
		s.keys = append(s.keys, k)
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprintf("F%d", len(fields)), Type: k.flagType(), Tag: reflect.StructTag(k.flagTag()),
		})
	}
	s.fields = reflect.New(reflect.StructOf(fields))
	return s
}

// Struct is a pointer to the struct, for the parser.
func (s *FlagSet) Struct() any { return s.fields.Interface() }

// Given has the flags that were set, by key, as Sources wants them.
func (s *FlagSet) Given() map[string]any {
	given := map[string]any{}
	for i, k := range s.keys {
		field := s.fields.Elem().Field(i)
		if field.IsNil() {
			continue
		}
		if field.Kind() == reflect.Pointer {
			field = field.Elem()
		}
		given[k.Name] = field.Interface()
	}
	return given
}

// flagType is a type whose nil means that the flag was not given. Values are
// kept as text; Load reads and checks them as it does those of variables.
func (k Key) flagType() reflect.Type {
	switch k.Kind {
	case "yes/no":
		return reflect.TypeFor[*bool]()
	case "list", "map":
		return reflect.TypeFor[[]string]()
	}
	return reflect.TypeFor[*string]()
}

// flagTag describes the flag to the parser. Flags that few people need are left
// out of --help: 90 of them would hide the eight that a newcomer looks for.
func (k Key) flagTag() string {
	tag := fmt.Sprintf("name:%q help:%q", k.Flag(), k.flagHelp())
	switch {
	case k.Kind == "yes/no" && k.Default() == true:
		tag += ` negatable:""`
	case k.Kind != "yes/no":
		tag += fmt.Sprintf(" placeholder:%q", k.placeholder())
	}
	if !k.Common {
		tag += ` hidden:""`
	}
	return tag
}

func (k Key) flagHelp() string {
	help := strings.ReplaceAll(k.Help, "`", "")
	help = strings.NewReplacer("insecure: true", "--insecure").Replace(help)
	if d := strings.Trim(showDefault(k), "`"); d != "empty" && d != "none" && k.Kind != "yes/no" {
		help += " Default " + d + "."
	}
	// The parser expands ${…}, which no help text means.
	return strings.ReplaceAll(help, "$", "$$")
}

func (k Key) placeholder() string {
	switch k.Kind {
	case "list":
		return strings.ToUpper(k.Name[strings.LastIndexByte(k.Name, '.')+1:])
	case "duration":
		return "DURATION"
	case "size":
		return "BYTES"
	case "count":
		return "N"
	}
	if strings.HasSuffix(k.Name, "listen") {
		return "HOST:PORT"
	}
	return strings.ToUpper(k.Name[strings.LastIndexAny(k.Name, "._")+1:])
}
