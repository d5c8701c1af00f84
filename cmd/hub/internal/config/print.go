package config

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// mask stands for a secret wherever it would be printed.
const mask = "***"

// Changed lists the keys whose values differ, in the order of the table.
func Changed(before, after *Config) []string {
	var keys []string
	for _, k := range Keys() {
		if !reflect.DeepEqual(k.show(before), k.show(after)) {
			keys = append(keys, k.Name)
		}
	}
	return keys
}

// WriteYAML writes the effective configuration as a file that Load takes. A value
// that is not the default has a comment that says where it came from; secrets
// are written as ***.
func (l *Loaded) WriteYAML(w io.Writer) error {
	root := &yaml.Node{Kind: yaml.MappingNode}
	for _, k := range Keys() {
		value := k.show(l.Config)
		if k.Secret {
			if _, given := l.Source[k.Name]; !given {
				continue
			}
			value = mask
		}
		node := &yaml.Node{}
		if err := node.Encode(value); err != nil {
			return fmt.Errorf("config: %s: %w", k.Name, err)
		}
		if k.Kind != "structure" && (node.Kind == yaml.SequenceNode || node.Kind == yaml.MappingNode) {
			node.Style = yaml.FlowStyle
		}
		if source, ok := l.Source[k.Name]; ok {
			node.LineComment = "from " + source
		}
		put(root, strings.Split(k.Name, "."), node)
	}
	var buf bytes.Buffer
	enc := yaml.NewEncoder(&buf)
	enc.SetIndent(2)
	if err := enc.Encode(root); err != nil {
		return err
	}
	_, err := w.Write(buf.Bytes())
	return err
}

// put stores a node under a path, making sections on the way.
func put(section *yaml.Node, path []string, value *yaml.Node) {
	for i := 0; i+1 < len(section.Content); i += 2 {
		if section.Content[i].Value == path[0] && len(path) > 1 {
			put(section.Content[i+1], path[1:], value)
			return
		}
	}
	name := &yaml.Node{Kind: yaml.ScalarNode, Value: path[0]}
	if len(path) > 1 {
		child := &yaml.Node{Kind: yaml.MappingNode}
		put(child, path[1:], value)
		value = child
	}
	section.Content = append(section.Content, name, value)
}
