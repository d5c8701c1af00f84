package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// document is where the figures stand, and between which lines.
const (
	document = "bench/README.md"
	ending   = "<!-- end of figures -->\n"
)

// writeDocuments writes the kept figures into the documents.
func writeDocuments() error {
	samples, err := read(resultsFile(workload{}))
	if err != nil || len(samples) == 0 {
		return err
	}
	var b strings.Builder
	days := make([]string, 0, 1)
	for _, s := range samples {
		if day := s.Series.Format("2 January 2006"); !slices.Contains(days, day) {
			days = append(days, day)
		}
	}
	fmt.Fprintf(&b, "%s, %s\n\n%s\n%s", strings.Join(days, " and "), machine(), marked(marks(0), samples), detailHead)
	for _, w := range marks(0) {
		b.WriteString(details(w, of(samples, w.id)))
	}
	return replaceFigures(document, "<!-- figures: written by make bench -->\n", b.String())
}

// replaceFigures writes the figures between the two marks of a file.
func replaceFigures(path, begin, figures string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, rest, ok := strings.Cut(string(text), begin)
	_, tail, ok2 := strings.Cut(rest, ending)
	if !ok || !ok2 {
		return fmt.Errorf("%s has no marks for the figures", path)
	}
	return os.WriteFile(path, []byte(head+begin+"\n"+figures+"\n"+ending+tail), 0o644)
}
