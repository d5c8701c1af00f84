package option

import "testing"

func TestOrigin_NormalForm(t *testing.T) {
	for given, want := range map[string]string{
		"https://chat.example.com":      "https://chat.example.com",
		"HTTPS://Chat.Example.com":      "https://chat.example.com",
		"https://chat.example.com:443":  "https://chat.example.com",
		"http://chat.example.com:80":    "http://chat.example.com",
		"https://chat.example.com:80":   "https://chat.example.com:80",
		"https://chat.example.com:8443": "https://chat.example.com:8443",
		"https://bücher.example":        "https://xn--bcher-kva.example",
		"https://BÜCHER.example:443":    "https://xn--bcher-kva.example",
		"https://xn--bcher-kva.example": "https://xn--bcher-kva.example",
		"https://my_host.example":       "https://my_host.example",
		"http://[::1]:3000":             "http://[::1]:3000",
		"http://[0:0::1]:80":            "http://[::1]",
		"http://127.0.0.1:80":           "http://127.0.0.1",
		"file://":                       "file://",
		"capacitor://localhost":         "capacitor://localhost",
		"ionic://localhost":             "ionic://localhost",
		"tauri://localhost":             "tauri://localhost",
		"chrome-extension://abcdefgh":   "chrome-extension://abcdefgh",

		"null": "", "": "", "*": "", "https://": "", "https://*.example.com": "", "https://a.test/": "", "https://a.test/x": "",
		"https://a.test?x": "", "https://a.test#x": "", "https://u@a.test": "", "https://a.test:": "", "https://a b.test": "",
		"https://a.test, https://b.test": "", "//a.test": "", "a.test": "", "file:///": "", "file:///x": "", "https://a.test\\@b.test": "",
		"https://xn--a.example": "", "https://%61.test": "",
	} {
		got, ok := Origin(given)
		if got != want || ok != (want != "") {
			t.Errorf("%q: %q %v, want %q", given, got, ok, want)
		}
	}
}

func TestOriginPattern_WhatItMeans(t *testing.T) {
	for _, row := range []struct {
		pattern, origin string
		means           bool
	}{
		{"*", "https://a.test", true},
		{"https://a.test:443", "https://a.test", true},
		{"https://*.example.com", "https://chat.example.com", true},
		{"https://*.Example.com:443", "https://a.b.example.com", true},
		{"https://*.bücher.example", "https://chat.xn--bcher-kva.example", true},
		{"https://*.example.com", "https://example.com", false},
		{"https://*.example.com", "https://.example.com", false},
		{"https://*.example.com", "http://chat.example.com", false},
		{"https://*.example.com", "https://chat.example.com:8443", false},
		{"https://*.example.com:8443", "https://chat.example.com:8443", true},
		{"https://*.example.com", "https://evilexample.com", false},
		{"https://*.example.com", "https://chat.example.com.evil.test", false},
		{"http://*.localhost:3000", "http://a.localhost:3000", true},
		{"file://", "file://", true},
		{"file://", "https://a.test", false},
	} {
		pattern, ok := OriginPattern(row.pattern)
		if !ok || OriginMatches(pattern, row.origin) != row.means {
			t.Errorf("%s (%s, %v) means %s: %v", row.pattern, pattern, ok, row.origin, !row.means)
		}
	}
}

func TestOriginPattern_Refused(t *testing.T) {
	for _, pattern := range []string{
		"null", "https://*", "https://*.com", "https://*.*.example.com", "https://a*.example.com", "https://*.example.com/", "*.example.com",
		"https://*.10.0.0.1", "https://*.[::1]", "https://*.", "*://example.com",
	} {
		if normal, ok := OriginPattern(pattern); ok {
			t.Errorf("%s is taken: %s", pattern, normal)
		}
	}
}
