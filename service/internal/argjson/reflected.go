package argjson

import (
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

var (
	rawMessageType    = reflect.TypeFor[json.RawMessage]()
	numberType        = reflect.TypeFor[json.Number]()
	marshalerType     = reflect.TypeFor[json.Marshaler]()
	textMarshalerType = reflect.TypeFor[encoding.TextMarshaler]()
)

func (e *encoder) anyMap(m map[string]any) error {
	if m == nil {
		e.buf = append(e.buf, "null"...)
		return nil
	}
	return e.nested('{', '}', func() error {
		for i, key := range slices.Sorted(maps.Keys(m)) {
			e.comma(i)
			e.string(key)
			e.buf = append(e.buf, ':')
			if err := e.value(m[key]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (e *encoder) anyList(list []any) error {
	if list == nil {
		e.buf = append(e.buf, "null"...)
		return nil
	}
	return e.nested('[', ']', func() error {
		for i, v := range list {
			e.comma(i)
			if err := e.value(v); err != nil {
				return err
			}
		}
		return nil
	})
}

func (e *encoder) nested(first, last byte, inside func() error) error {
	if e.depth++; e.depth > maxDepth {
		return errTooDeep
	}
	e.buf = append(e.buf, first)
	if err := inside(); err != nil {
		return err
	}
	e.buf = append(e.buf, last)
	e.depth--
	return nil
}

func (e *encoder) comma(i int) {
	if i > 0 {
		e.buf = append(e.buf, ',')
	}
}

func (e *encoder) reflected(value any) error { return e.reflectValue(reflect.ValueOf(value)) }

func (e *encoder) reflectValue(v reflect.Value) error {
	if !v.IsValid() {
		e.buf = append(e.buf, "null"...)
		return nil
	}
	if done, err := e.custom(v); done {
		return err
	}
	switch v.Kind() {
	case reflect.Bool:
		e.buf = strconv.AppendBool(e.buf, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.buf = strconv.AppendInt(e.buf, v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		e.buf = strconv.AppendUint(e.buf, v.Uint(), 10)
	case reflect.Float32, reflect.Float64:
		return e.float(v.Float(), v.Type().Bits())
	case reflect.String:
		return e.text(v)
	case reflect.Pointer, reflect.Interface:
		// A chain of pointers can be a ring, so that it counts as depth.
		if e.depth++; e.depth > maxDepth {
			return errTooDeep
		}
		err := e.reflectValue(v.Elem())
		e.depth--
		return err
	case reflect.Struct:
		return e.structure(v)
	case reflect.Map:
		return e.mapping(v)
	case reflect.Slice, reflect.Array:
		return e.list(v)
	default:
		return &json.UnsupportedTypeError{Type: v.Type()}
	}
	return nil
}

// custom lets a value encode itself, by the rules of encoding/json.
func (e *encoder) custom(v reflect.Value) (bool, error) {
	t := v.Type()
	if t == rawMessageType {
		return true, e.raw(v.Bytes())
	}
	if v.Kind() == reflect.Pointer && v.IsNil() || v.Kind() == reflect.Interface {
		return false, nil // null is written by the caller; what is inside has its turn
	}
	if !t.Implements(marshalerType) && !t.Implements(textMarshalerType) && v.CanAddr() {
		if p := reflect.PointerTo(t); p.Implements(marshalerType) || p.Implements(textMarshalerType) {
			v = v.Addr()
		}
	}
	if !v.CanInterface() {
		return false, nil
	}
	switch m := v.Interface().(type) {
	case json.Marshaler:
		raw, err := m.MarshalJSON()
		if err != nil {
			return true, fmt.Errorf("%s: %w", t, err)
		}
		return true, e.raw(raw)
	case encoding.TextMarshaler:
		text, err := m.MarshalText()
		if err != nil {
			return true, fmt.Errorf("%s: %w", t, err)
		}
		e.string(string(text))
		return true, nil
	}
	return false, nil
}

func (e *encoder) text(v reflect.Value) error {
	if v.Type() != numberType {
		e.string(v.String())
		return nil
	}
	number := v.String()
	if number == "" {
		number = "0" // as encoding/json does
	}
	if end, err := skipNumber([]byte(number), 0); err != nil || end != len(number) {
		return fmt.Errorf("json.Number %q is none", number)
	}
	e.buf = append(e.buf, number...)
	return nil
}

func (e *encoder) structure(v reflect.Value) error {
	return e.nested('{', '}', func() error {
		fields, written := fieldsOf(v.Type()), 0
		for i := range fields.list {
			f := &fields.list[i]
			member, ok := fieldByIndex(v, f.index)
			if !ok || f.omitEmpty && isEmpty(member) || f.omitZero && isZero(member) {
				continue
			}
			e.comma(written)
			written++
			e.buf = append(e.buf, f.quoted...)
			if err := e.member(f, member); err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
		}
		return nil
	})
}

// member writes a field's value, inside of quotes when its tag says `string`.
func (e *encoder) member(f *field, v reflect.Value) error {
	if !f.asString {
		return e.reflectValue(v)
	}
	inner := encoder{depth: e.depth}
	if err := inner.reflectValue(v); err != nil {
		return err
	}
	e.string(string(inner.buf))
	return nil
}

func (e *encoder) mapping(v reflect.Value) error {
	if v.IsNil() {
		e.buf = append(e.buf, "null"...)
		return nil
	}
	type entry struct {
		key   string
		value reflect.Value
	}
	entries := make([]entry, 0, v.Len())
	for iter := v.MapRange(); iter.Next(); {
		key, err := mapKey(iter.Key())
		if err != nil {
			return err
		}
		entries = append(entries, entry{key, iter.Value()})
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	return e.nested('{', '}', func() error {
		for i, entry := range entries {
			e.comma(i)
			e.string(entry.key)
			e.buf = append(e.buf, ':')
			if err := e.reflectValue(entry.value); err != nil {
				return err
			}
		}
		return nil
	})
}

func mapKey(key reflect.Value) (string, error) {
	if key.Kind() == reflect.String {
		return key.String(), nil
	}
	if m, ok := key.Interface().(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		return string(text), err
	}
	switch {
	case key.CanInt():
		return strconv.FormatInt(key.Int(), 10), nil
	case key.CanUint():
		return strconv.FormatUint(key.Uint(), 10), nil
	}
	return "", &json.UnsupportedTypeError{Type: key.Type()}
}

func (e *encoder) list(v reflect.Value) error {
	if v.Kind() == reflect.Slice {
		if v.Type().Elem().Kind() == reflect.Uint8 {
			e.binary(v.Bytes())
			return nil
		}
		if v.IsNil() {
			e.buf = append(e.buf, "null"...)
			return nil
		}
	}
	return e.nested('[', ']', func() error {
		for i := range v.Len() {
			e.comma(i)
			if err := e.reflectValue(v.Index(i)); err != nil {
				return err
			}
		}
		return nil
	})
}

// fieldByIndex is reflect's, but says no where an embedded pointer is nil.
func fieldByIndex(v reflect.Value, index []int) (reflect.Value, bool) {
	for _, step := range index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		}
		v = v.Field(step)
	}
	return v, true
}

func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.Array, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

func isZero(v reflect.Value) bool {
	if z, ok := v.Interface().(interface{ IsZero() bool }); ok {
		return v.Kind() == reflect.Pointer && v.IsNil() || z.IsZero()
	}
	return v.IsZero()
}
