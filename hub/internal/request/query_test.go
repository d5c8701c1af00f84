package request

import "testing"

func FuzzQuery(f *testing.F) {
	for _, s := range []string{"EIO=4&transport=polling&sid=a&t=b", "&&==&%", "EIO=%zz&sid=%ff", "a=1&a=2", "%45IO=4", "b64=1", "+=%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, m := ParseQuery(raw), queryMap(raw)
		for key, got := range map[string]string{"EIO": q.EIO, "transport": q.Transport, "sid": q.SID} {
			if m[key] != Text(got) {
				t.Fatalf("%q: %s is %q and %q", raw, key, got, m[key])
			}
		}
	})
}

func BenchmarkParseQuery(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ParseQuery("EIO=4&transport=polling&t=Oa1b2c&sid=lv_VI97HAXpY6yYWAAAC")
	}
}

// What costs nothing has to stay so.
func TestParseQuery_AllocatesNothing(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { ParseQuery("EIO=4&transport=polling&t=Oa1b2c&sid=lv_VI97HAXpY6yYWAAAC") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
