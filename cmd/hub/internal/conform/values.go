package conform

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"unicode/utf8"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

func validText(b []byte) bool { return utf8.Valid(b) }

// decode is json.Unmarshal for numbers of every size.
func decode(text []byte) (value any, err error) {
	if !json.Valid(text) {
		return nil, errNoJSON
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err = d.Decode(&value)
	return value, err
}

var errNoJSON = errors.New("no JSON")

// placeholders counts those at any depth.
func placeholders(value any) (n int) {
	switch v := value.(type) {
	case []any:
		for _, one := range v {
			n += placeholders(one)
		}
	case map[string]any:
		if is, _ := v["_placeholder"].(bool); is {
			switch v["num"].(type) {
			case float64, json.Number:
				return 1
			}
		}
		for _, one := range v {
			n += placeholders(one)
		}
	}
	return n
}

// sameJSON reports whether two texts are the same JSON, numbers compared as numbers.
func sameJSON(a, b string) bool {
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	return reflect.DeepEqual(x, y)
}

// quote is a text as JSON.
func quote(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a text
	return string(bytes.TrimSpace(b.Bytes()))
}

// fits reports whether an outcome may end a delivery.
func fits(d *hubv1.Delivery, s *hubv1.Settlement) bool {
	if s.GetNack() != nil {
		return true
	}
	switch d.GetBody().(type) {
	case *hubv1.Delivery_ConnectAttempt:
		return s.GetAccept() != nil || s.GetDeny() != nil
	case *hubv1.Delivery_AuthExpiring:
		a := s.GetAccept()
		return s.GetDeny() != nil || a != nil && a.GetUser() == "" && len(a.GetRooms()) == 0 && a.GetCache() == nil && !a.GetKeepAuth()
	case *hubv1.Delivery_Event, *hubv1.Delivery_ServiceCall:
		return s.GetDone() != nil || s.GetReply() != nil
	case *hubv1.Delivery_Connected, *hubv1.Delivery_Disconnected:
		return s.GetDone() != nil
	}
	return false
}
