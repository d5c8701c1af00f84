package argjson

import (
	"encoding/json"
	"reflect"

	"github.com/siohub/siohub/internal/placeholder"
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
	attachment, ok := d.attachmentAt(i)
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
	members, err := openObject(d.b, i, depth)
	if err != nil {
		return nil, i, err
	}
	var object placeholder.Object
	for members.more() {
		name, err := unquote(members.key())
		if members.err == nil && err != nil {
			members.err = err
		}
		if members.err == nil {
			values[name], members.end, members.err = d.any(members.i, depth+1)
		}
		if members.err == nil {
			object.Value(placeholder.MemberOf(name), d.b[members.i:members.end])
		}
		members.next()
	}
	if members.err == nil {
		if attachment, ok := d.attachment(object); ok {
			return attachment, members.i, nil
		}
	}
	return values, members.i, members.err
}

// attachment returns the attachment that an object stands for.
func (d *decoder) attachment(object placeholder.Object) ([]byte, bool) {
	number, ok := object.Number()
	if !ok || number < 0 || number >= len(d.attachments) {
		return nil, false
	}
	return d.attachments[number], true
}

func (d *decoder) at(i int) byte {
	if i < len(d.b) {
		return d.b[i]
	}
	return 0
}

// attachmentAt returns the attachment for which the value at i is the placeholder.
func (d *decoder) attachmentAt(i int) ([]byte, bool) {
	members, err := openObject(d.b, i, 0)
	if err != nil {
		return nil, false
	}
	var object placeholder.Object
	for members.more() {
		member := memberOf(members.key())
		if members.err == nil {
			members.end, members.err = skipValue(d.b, members.i, 1)
		}
		if members.err == nil {
			object.Value(member, d.b[members.i:members.end])
		}
		members.next()
	}
	if members.err != nil {
		return nil, false
	}
	return d.attachment(object)
}

// memberOf tells what a name in quotes means to the rule of placeholders.
func memberOf(quoted []byte) placeholder.Member {
	if len(quoted) > placeholder.LongestName {
		return placeholder.Other
	}
	name, err := unquote(quoted)
	if err != nil {
		return placeholder.Other
	}
	return placeholder.MemberOf(name)
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
