package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// section reads a mapping that is the value of one key: a list of issuers, the rules
// of identities. It gathers all that is wrong.
type section struct {
	path     string
	values   map[string]any
	used     []string
	problems *[]*Problem
}

// structure is the codec of such a key. In a variable it is YAML or JSON. Its secrets
// are in files, so that problems may say what was given.
func structure[T any](allowed string, read func(name string, raw any, problems *[]*Problem) T, show func(T) any) func(string, func(*Config) *T, string) Key {
	return func(name string, at func(*Config) *T, help string) Key {
		return Key{
			Name: name, Kind: "structure", Allowed: allowed, Help: help,
			read: func(raw any, c *Config) error {
				if text, ok := raw.(string); ok {
					raw = nil
					if yaml.Unmarshal([]byte(text), &raw) != nil {
						return errValue
					}
				}
				var problems []*Problem
				v := read(name, raw, &problems)
				if len(problems) > 0 {
					return &Error{Problems: problems}
				}
				*at(c) = v
				return nil
			},
			show: func(c *Config) any { return show(*at(c)) },
		}
	}
}

// newSection begins to read a mapping.
func newSection(path string, raw any, problems *[]*Problem) *section {
	values, ok := raw.(map[string]any)
	s := &section{path: path, values: values, problems: problems}
	if !ok && raw != nil {
		s.refuse("", raw, "want a mapping")
	}
	return s
}

// sections reads a list of mappings. One that stands alone counts as a list of one.
func sections(path string, raw any, problems *[]*Problem) []*section {
	list, ok := raw.([]any)
	if !ok {
		return []*section{newSection(path, raw, problems)}
	}
	all := make([]*section, len(list))
	for i, one := range list {
		all[i] = newSection(fmt.Sprintf("%s[%d]", path, i), one, problems)
	}
	return all
}

func (s *section) refuse(name string, value any, allowed string) {
	key := s.path
	if name != "" {
		key += "." + name
	}
	shown := ""
	if value != nil {
		shown = fmt.Sprintf("%q", fmt.Sprint(value))
	}
	*s.problems = append(*s.problems, &Problem{Key: key, Value: shown, Allowed: allowed})
}

func (s *section) take(name string) (any, bool) {
	s.used = append(s.used, name)
	v, ok := s.values[name]
	return v, ok && v != nil
}

// text reads a text.
func (s *section) text(name string) string {
	raw, ok := s.take(name)
	if !ok {
		return ""
	}
	v, ok := raw.(string)
	if !ok {
		s.refuse(name, raw, "want a text")
	}
	return v
}

// list reads a list of texts; one text counts as a list of one.
func (s *section) list(name string) []string {
	raw, ok := s.take(name)
	if !ok {
		return nil
	}
	v, ok := parseList(raw)
	if !ok {
		s.refuse(name, raw, "want a list of texts")
	}
	return v
}

// count reads a number.
func (s *section) count(name string, most int) int {
	raw, ok := s.take(name)
	if !ok {
		return 0
	}
	n, ok := raw.(int)
	if !ok || n < 0 || n > most {
		s.refuse(name, raw, fmt.Sprintf("want 0 to %d", most))
		return 0
	}
	return n
}

// pairs reads a mapping of texts.
func (s *section) pairs(name string) map[string]string {
	raw, ok := s.take(name)
	if !ok {
		return nil
	}
	values, ok := raw.(map[string]any)
	if !ok {
		s.refuse(name, raw, "want a mapping of texts")
		return nil
	}
	out := make(map[string]string, len(values))
	for k, v := range values {
		if out[k], ok = v.(string); !ok {
			s.refuse(name+"."+k, v, "want a text")
		}
	}
	return out
}

// section reads a mapping inside of the mapping.
func (s *section) section(name string) *section {
	raw, _ := s.take(name)
	return newSection(s.path+"."+name, raw, s.problems)
}

// end refuses what nobody has read.
func (s *section) end() {
	for _, name := range slices.Sorted(maps.Keys(s.values)) {
		if !slices.Contains(s.used, name) {
			s.refuse(name, nil, "no option has this name; there are "+strings.Join(s.used, ", "))
		}
	}
}
