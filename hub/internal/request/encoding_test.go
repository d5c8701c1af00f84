package request_test

import (
	"testing"

	"github.com/siohub/siohub/hub/internal/request"
)

func TestEncoding(t *testing.T) {
	for accept, want := range map[string]string{
		"":                              "",
		"gzip":                          "gzip",
		"gzip, deflate, br":             "br",
		"GZIP;Q=1":                      "gzip",
		"br;q=0.1, gzip;q=0.5":          "gzip",
		"br;q=0, gzip":                  "gzip",
		"*":                             "br",
		"*;q=0":                         "",
		"br;q=0,*":                      "gzip",
		"gzip;q=0":                      "",
		"gzip;q=NaN, ,;;=,":             "",
		"gzip;q=2":                      "",
		"gzip ; q = 0.5 , br ; q = 0.4": "gzip",
		"identity":                      "",
		"xgzip, gzipx, zstd":            "",
	} {
		if got := request.Encoding([]string{accept}, "br", "gzip"); got != want {
			t.Errorf("%q: %q, want %q", accept, got, want)
		}
	}
	if got := request.Encoding([]string{"deflate", "gzip;q=0.3"}, "gzip"); got != "gzip" {
		t.Errorf("two lines: %q", got)
	}
}

func FuzzEncoding(f *testing.F) {
	for _, s := range []string{"gzip, deflate, br", "gzip;q=0.5", "*;q=0", "gzip;q=NaN", ";;,,==", "GZIP;Q=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		if got := request.Encoding([]string{accept}, "br", "gzip"); got != "" && got != "br" && got != "gzip" {
			t.Errorf("%q: %q", accept, got)
		}
	})
}
