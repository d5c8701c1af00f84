package placeholder

import "testing"

// member is a name and the value behind it.
type member struct{ name, value string }

func object(members ...member) Object {
	var o Object
	for _, m := range members {
		var raw []byte
		if m.value != "container" {
			raw = []byte(m.value)
		}
		o.Value(MemberOf([]byte(m.name)), raw)
	}
	return o
}

func TestObject_Number(t *testing.T) {
	for name, c := range map[string]struct {
		object Object
		number int
		is     bool
	}{
		"usual":              {object(member{"_placeholder", "true"}, member{"num", "7"}), 7, true},
		"other way round":    {object(member{"num", "0"}, member{"x", "1"}, member{"_placeholder", "true"}), 0, true},
		"last of equal ones": {object(member{"_placeholder", "false"}, member{"num", "9"}, member{"_placeholder", "true"}, member{"num", "1"}), 1, true},
		"unmarked at last":   {object(member{"_placeholder", "true"}, member{"num", "0"}, member{"_placeholder", "false"}), 0, false},
		"no number":          {object(member{"_placeholder", "true"}), -1, true},
		"number is gone":     {object(member{"_placeholder", "true"}, member{"num", "0"}, member{"num", `"x"`}), -1, true},
		"three digits":       {object(member{"_placeholder", "true"}, member{"num", "999"}), 999, true},
		"four digits":        {object(member{"_placeholder", "true"}, member{"num", "1000"}), -1, true},
		"negative zero":      {object(member{"_placeholder", "true"}, member{"num", "-0"}), -1, true},
		"fraction":           {object(member{"_placeholder", "true"}, member{"num", "0.0"}), -1, true},
		"container as num":   {object(member{"_placeholder", "true"}, member{"num", "0"}, member{"num", "container"}), -1, true},
		"container as mark":  {object(member{"_placeholder", "container"}, member{"num", "0"}), 0, false},
		"text for true":      {object(member{"_placeholder", `"true"`}, member{"num", "0"}), 0, false},
		"misspelt":           {object(member{"_Placeholder", "true"}, member{"Num", "0"}), -1, false},
		"empty":              {Object{}, -1, false},
	} {
		if number, is := c.object.Number(); number != c.number || is != c.is {
			t.Errorf("%s: %d %v, want %d %v", name, number, is, c.number, c.is)
		}
	}
}

func TestCheck_AsManyAsAttachments(t *testing.T) {
	seat := func(n string) Object { return object(member{"_placeholder", "true"}, member{"num", n}) }
	for name, c := range map[string]struct {
		objects  []Object
		fit, all bool
	}{
		"each one":     {[]Object{seat("1"), {}, seat("0")}, true, true},
		"twice":        {[]Object{seat("0"), seat("0")}, true, true},
		"too few":      {[]Object{seat("0")}, true, false},
		"too many":     {[]Object{seat("0"), seat("1"), seat("0")}, false, false},
		"out of range": {[]Object{seat("2")}, false, false},
	} {
		check, fit := Check{Attachments: 2}, true
		for _, o := range c.objects {
			fit = check.Object(o) && fit
		}
		if fit != c.fit || check.Complete() != c.all {
			t.Errorf("%s: fit %v, complete %v", name, fit, check.Complete())
		}
	}
}

func TestAppend_IsWhatTheRuleReads(t *testing.T) {
	if got := string(Append([]byte("["), 12)); got != `[{"_placeholder":true,"num":12}` {
		t.Error(got)
	}
}
