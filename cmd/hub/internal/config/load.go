package config

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"
)

// Sources are the places that options come from.
type Sources struct {
	// File is the path of a YAML file. Empty means none.
	File string
	// Environ is the environment as os.Environ gives it.
	Environ []string
	// Flags has the flags that were given, by key: a string, a bool or strings.
	Flags map[string]any
	// Memory is the memory limit of the process in bytes, a part of which is the most that some keys have
	// for a default. Zero means none.
	Memory int64
}

// Loaded is a Config and where its values came from.
type Loaded struct {
	// Config is checked and complete.
	Config *Config
	// Source tells for each key that is not at its default where it came from.
	Source map[string]string
	// Debug has the patterns of the DEBUG variable.
	Debug []string
}

// layer is one source, flattened to keys.
type layer struct {
	values *koanf.Koanf
	source func(key string) string
}

// Load reads all sources and checks every value. Its error is an *Error that
// names all problems.
func Load(s Sources) (*Loaded, error) {
	layers, problems := readLayers(s)
	loaded := &Loaded{Config: Default(), Source: map[string]string{}}
	for _, k := range table() {
		loaded.fit(k, s.Memory)
		for _, l := range layers { // later ones win, but each is checked
			raw := l.values.Get(k.Name)
			if raw == nil {
				continue
			}
			if err := k.read(raw, loaded.Config); err != nil {
				problems = append(problems, k.problems(err, raw, l.source(k.Name))...)
				continue
			}
			loaded.Source[k.Name] = l.source(k.Name)
		}
	}
	if len(problems) == 0 {
		problems = loaded.checkTogether()
	}
	if len(problems) > 0 {
		return nil, &Error{Problems: problems}
	}
	loaded.Debug = debugPatterns(s.Environ)
	return loaded, nil
}

// problems are those of a value that was not taken.
func (k Key) problems(err error, raw any, source string) []*Problem {
	var inside *Error
	if !errors.As(err, &inside) {
		return []*Problem{k.problem(raw, source)}
	}
	for _, p := range inside.Problems {
		p.Source = source
	}
	return inside.Problems
}

func (k Key) problem(raw any, source string) *Problem {
	value := fmt.Sprintf("%q", fmt.Sprint(raw))
	if k.Secret {
		value = mask
	}
	return &Problem{Key: k.Name, Value: value, Allowed: "want " + k.Allowed, Source: source}
}

func readLayers(s Sources) ([]layer, []*Problem) {
	var problems []*Problem
	layers := make([]layer, 0, 3)
	if s.File != "" {
		l, p := fileLayer(s.File)
		layers, problems = append(layers, l), append(problems, p...)
	}
	l, p := envLayer(s.Environ)
	layers, problems = append(layers, l), append(problems, p...)
	flags := layer{values: koanf.New("."), source: func(key string) string { return "--" + keyByName(key).Flag() }}
	if err := flags.values.Load(confmap.Provider(s.Flags, "."), nil); err != nil {
		problems = append(problems, &Problem{Key: "flags", Allowed: err.Error()})
	}
	return append(layers, flags), problems
}

// fileLayer reads a YAML file. It is read here, not through koanf's file
// provider, to tell a file that is missing from one that is wrong.
func fileLayer(path string) (layer, []*Problem) {
	l := layer{values: koanf.New("."), source: func(string) string { return path }}
	data, err := os.ReadFile(path)
	if err != nil {
		var pathErr *os.PathError
		if errors.As(err, &pathErr) {
			err = pathErr.Err
		}
		return l, []*Problem{{Key: "--config", Value: path, Allowed: "cannot be read: " + err.Error()}}
	}
	if err := l.values.Load(rawbytes.Provider(data), yaml.Parser()); err != nil {
		return l, []*Problem{{Key: "--config", Value: path, Allowed: "is not YAML: " + err.Error()}}
	}
	return l, unknownKeys(l)
}

// unknownKeys finds keys of a file that nobody knows.
func unknownKeys(l layer) []*Problem {
	var problems []*Problem
	for name, value := range l.values.All() {
		if known(name) || isEmptySection(name, value) {
			continue
		}
		problems = append(problems, &Problem{
			Key: name, Source: l.source(name), Allowed: "no option has this name" + didYouMean(name, keyNames()),
		})
	}
	slices.SortFunc(problems, func(a, b *Problem) int { return cmp.Compare(a.Key, b.Key) })
	return problems
}

// known reports whether a flattened key is in the table, or inside a map that is.
func known(name string) bool {
	for _, k := range table() {
		if k.Name == name || ((k.Kind == "map" || k.Kind == "structure") && strings.HasPrefix(name, k.Name+".")) {
			return true
		}
	}
	return false
}

// isEmptySection lets `cors:` with nothing under it pass, as it stands in a file
// whose options are commented out.
func isEmptySection(name string, value any) bool {
	section, isMap := value.(map[string]any)
	if value != nil && (!isMap || len(section) > 0) {
		return false
	}
	return slices.ContainsFunc(keyNames(), func(key string) bool { return strings.HasPrefix(key, name+".") })
}

func keyNames() []string {
	keys := table()
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.Name
	}
	return names
}

func keyByName(name string) Key {
	for _, k := range table() {
		if k.Name == name {
			return k
		}
	}
	return Key{Name: name}
}

// FlagOf is the flag of a key, without the dashes.
func FlagOf(key string) string { return keyByName(key).Flag() }
