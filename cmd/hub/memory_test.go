//go:build linux

package main

import (
	"strings"
	"testing"
)

func TestServe_WarnsOfMoreThanThereIsMemoryFor(t *testing.T) {
	t.Setenv("GOMEMLIMIT", "128MiB")
	p := start(t, with("serve", "--limits-unfinished-bytes", "256MiB")...)
	p.find(`level=WARN msg="browsers and services may make the hub hold more than it has memory for.* memory_limit=134217728 .* limits.unfinished_bytes=268435456 `)
	endsInOrder(t, p)
}

func TestServe_FitsIntoItsMemory(t *testing.T) {
	t.Setenv("GOMEMLIMIT", "128MiB")
	p := start(t, with("serve")...)
	p.ready()
	endsInOrder(t, p)
	if strings.Contains(p.output.text(), "has memory for") {
		t.Error("warned")
	}
}
