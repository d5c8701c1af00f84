package service

import (
	"encoding/json"
	"reflect"
	"strconv"
)

var (
	unmarshalerType = reflect.TypeFor[json.Unmarshaler]()
)

// decoder fills a Go value from JSON that may hold placeholders. It goes through
// the bytes once, whatever their depth; values without room for a binary are left
// to encoding/json.
type decoder struct {
	b           []byte
	attachments [][]byte
}

// into decodes the value at i into v, which can be set, and returns its end.
func (d *decoder) into(i, depth int, v reflect.Value) (int, error) {
	if c := d.at(i); c != '{' && c != '[' || reflect.PointerTo(v.Type()).Implements(unmarshalerType) {
		return d.leaf(i, depth, v)
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		return d.into(i, depth, v.Elem())
	case reflect.Interface:
		if v.NumMethod() > 0 {
			break
		}
		value, end, err := d.any(i, depth)
		if err == nil {
			v.Set(reflect.ValueOf(&value).Elem())
		}
		return end, err
	case reflect.Struct:
		if d.at(i) == '{' {
			return d.object(i, depth, v, fieldsOf(v.Type()))
		}
	case reflect.Map:
		if d.at(i) == '{' && v.Type().Key().Kind() == reflect.String {
			return d.object(i, depth, v, nil)
		}
	case reflect.Slice:
		if d.at(i) == '[' {
			return d.list(i, depth, v)
		}
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return d.binary(i, depth, v)
		}
	case reflect.Array:
		if d.at(i) == '[' {
			return d.list(i, depth, v)
		}
	}
	return d.leaf(i, depth, v)
}

// leaf leaves the value to encoding/json.
func (d *decoder) leaf(i, depth int, v reflect.Value) (int, error) {
	end, err := skipValue(d.b, i, depth)
	if err != nil {
		return end, err
	}
	return end, json.Unmarshal(d.b[i:end], v.Addr().Interface())
}

func (d *decoder) binary(i, depth int, v reflect.Value) (int, error) {
	end, err := skipValue(d.b, i, depth)
	if err != nil {
		return end, err
	}
	attachment, ok := placeholder(d.b[i:end], d.attachments)
	if !ok {
		return end, json.Unmarshal(d.b[i:end], v.Addr().Interface()) // for its error
	}
	v.SetBytes(attachment)
	return end, nil
}

// object decodes members into a struct, or into a map when fields is nil.
func (d *decoder) object(i, depth int, v reflect.Value, fields *structFields) (int, error) {
	if fields == nil && v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	object, err := openObject(d.b, i, depth)
	if err != nil {
		return i, err
	}
	for object.more() {
		name, err := unquote(object.key())
		switch {
		case object.err != nil:
		case err != nil:
			object.err = err
		case fields == nil:
			object.end, object.err = d.entry(object.i, depth+1, v, name)
		default:
			object.end, object.err = d.member(object.i, depth+1, v, fields.find(name))
		}
		object.next()
	}
	return object.i, object.err
}

func (d *decoder) entry(i, depth int, v reflect.Value, name string) (int, error) {
	value := reflect.New(v.Type().Elem()).Elem()
	end, err := d.into(i, depth, value)
	if err == nil {
		v.SetMapIndex(reflect.ValueOf(name).Convert(v.Type().Key()), value)
	}
	return end, err
}

func (d *decoder) member(i, depth int, v reflect.Value, f *field) (int, error) {
	if f == nil {
		return skipValue(d.b, i, depth)
	}
	for _, step := range f.index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(step)
	}
	if !f.asString || d.at(i) != '"' {
		return d.into(i, depth, v)
	}
	end, err := skipString(d.b, i)
	if err != nil {
		return end, err
	}
	inner, err := unquote(d.b[i:end])
	if err != nil {
		return end, err
	}
	return end, json.Unmarshal([]byte(inner), v.Addr().Interface())
}

// list decodes elements into a slice or an array; of an array the rest becomes
// zero, elements beyond it are passed over.
func (d *decoder) list(i, depth int, v reflect.Value) (int, error) {
	list, err := openList(d.b, i, depth)
	if err != nil {
		return i, err
	}
	if v.Kind() == reflect.Slice {
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	} else {
		v.SetZero()
	}
	for n := 0; list.more(); n++ {
		switch {
		case v.Kind() == reflect.Slice:
			v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
			fallthrough
		case n < v.Len():
			list.end, list.err = d.into(list.i, depth+1, v.Index(n))
		default:
			list.end, list.err = skipValue(d.b, list.i, depth+1)
		}
		list.next()
	}
	return list.i, list.err
}

// any decodes into the types of encoding/json, and []byte for a placeholder.
func (d *decoder) any(i, depth int) (any, int, error) {
	switch d.at(i) {
	case '[':
		values := []any{}
		list, err := openList(d.b, i, depth)
		if err != nil {
			return nil, i, err
		}
		for list.more() {
			var value any
			value, list.end, list.err = d.any(list.i, depth+1)
			values = append(values, value)
			list.next()
		}
		return values, list.i, list.err
	case '{':
		return d.anyObject(i, depth)
	}
	end, err := skipValue(d.b, i, depth)
	if err != nil {
		return nil, end, err
	}
	var value any
	err = json.Unmarshal(d.b[i:end], &value)
	return value, end, err
}

func (d *decoder) anyObject(i, depth int) (any, int, error) {
	values := map[string]any{}
	object, err := openObject(d.b, i, depth)
	if err != nil {
		return nil, i, err
	}
	for object.more() {
		name, err := unquote(object.key())
		if object.err == nil && err != nil {
			object.err = err
		}
		if object.err == nil {
			values[name], object.end, object.err = d.any(object.i, depth+1)
		}
		object.next()
	}
	if object.err == nil && values["_placeholder"] == true {
		if attachment, ok := placeholder(d.b[i:object.i], d.attachments); ok {
			return attachment, object.i, nil
		}
	}
	return values, object.i, object.err
}

func (d *decoder) at(i int) byte {
	if i < len(d.b) {
		return d.b[i]
	}
	return 0
}

// placeholder returns the attachment whose seat span is.
func placeholder(span []byte, attachments [][]byte) ([]byte, bool) {
	object, err := openObject(span, 0, 0)
	if err != nil {
		return nil, false
	}
	seat, num := false, -1
	for object.more() {
		name, _ := unquote(object.key())
		if object.err == nil {
			object.end, object.err = skipValue(span, object.i, 1)
		}
		if object.err == nil {
			switch value := string(span[object.i:object.end]); name {
			case "_placeholder":
				seat = value == "true"
			case "num":
				if n, err := strconv.Atoi(value); err == nil {
					num = n
				}
			}
		}
		object.next()
	}
	if object.err != nil || !seat || num < 0 || num >= len(attachments) {
		return nil, false
	}
	return attachments[num], true
}

// unquote decodes a JSON string with its quotes.
func unquote(span []byte) (string, error) {
	if plainString(span) {
		return string(span[1 : len(span)-1]), nil
	}
	var s string
	err := json.Unmarshal(span, &s)
	return s, err
}
