package nodewire

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/siohub/siohub/hub/cluster"
)

// Whatever a broadcast has, the short way writes it or leaves it to the long one: who gives Message another field is told
// here.
func TestAppendBroadcast_NoFieldIsLost(t *testing.T) {
	for _, part := range []func(*Message) reflect.Value{
		func(m *Message) reflect.Value { return reflect.ValueOf(m).Elem() },
		func(m *Message) reflect.Value { return reflect.ValueOf(&m.Target).Elem() },
		func(m *Message) reflect.Value { return reflect.ValueOf(m.Event).Elem() },
		func(m *Message) reflect.Value { return reflect.ValueOf(&m.Disconnect).Elem() },
	} {
		for i := range part(emitToRoom()).NumField() {
			m := emitToRoom()
			field := part(m).Type().Field(i)
			switch v := part(m).Field(i); v.Interface().(type) {
			case string:
				v.SetString("text")
			case int, int64:
				v.SetInt(7)
			case uint64:
				v.SetUint(7)
			case bool:
				v.SetBool(true)
			case []string:
				v.Set(reflect.ValueOf([]string{"a", "b"}))
			case []byte:
				v.SetBytes([]byte(`["x"]`))
			default:
				if v.Kind() == reflect.Struct && field.Type != reflect.TypeFor[cluster.Target]() && field.Type != reflect.TypeFor[cluster.Disconnect]() {
					v.Field(0).Set(example(t, v.Field(0)))
				}
			}
			if got, want := AppendBroadcast(nil, m), overJSON(m); m.Event != nil && !bytes.Equal(got, want) {
				t.Errorf("%s: %q, not %q", field.Name, got, want)
			}
		}
	}
}

// example is a value that is not zero.
func example(t *testing.T, v reflect.Value) reflect.Value {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		return reflect.ValueOf("text")
	case reflect.Uint64:
		return reflect.ValueOf(uint64(7))
	case reflect.Int:
		return reflect.ValueOf(7)
	case reflect.Bool:
		return reflect.ValueOf(true)
	}
	t.Fatalf("a field of kind %v: what is an example?", v.Kind())
	return v
}
