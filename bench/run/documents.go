package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// document is where the figures stand, each kind behind a line of its own and up to
// the line ending; scaling is where it says what follows from them.
const (
	document     = "bench/README.md"
	scaling      = "docs/scaling.md"
	marksBegin   = "<!-- figures: written by make bench -->\n"
	clusterBegin = "<!-- figures: written by make bench-cluster -->\n"
	growthBegin  = "<!-- figures: written by make bench-growth -->\n"
	ending       = "<!-- end of figures -->\n"
	dateOfSeries = "2 January 2006"
)

// writeDocuments writes the kept figures into the document.
func writeDocuments() error {
	samples, err := read(resultsFile(workload{}))
	if err != nil {
		return err
	}
	if len(samples) > 0 {
		var b strings.Builder
		fmt.Fprintf(&b, "%s%s\n%s", circumstances(samples), marked(marks(0), samples), detailHead)
		for _, w := range marks(0) {
			b.WriteString(details(w, of(samples, w.id)))
		}
		if err := replaceFigures(document, marksBegin, b.String()); err != nil {
			return err
		}
		if tables, ok := planned(samples); ok {
			if err := replaceFigures(scaling, marksBegin, tables); err != nil {
				return err
			}
		}
	}
	samples, err = read(resultsFile(workload{id: growing}))
	if err != nil {
		return err
	}
	if len(samples) > 0 {
		if err := replaceFigures(document, growthBegin, circumstances(samples)+grown(samples)); err != nil {
			return err
		}
	}
	return writeClusters()
}

// writeClusters writes the kept figures of several servers into the documents.
func writeClusters() error {
	samples, err := readLines[clusterSample](clusterResults)
	if err != nil || len(samples) == 0 {
		return err
	}
	if err := replaceFigures(document, clusterBegin, clusterFigures(samples)); err != nil {
		return err
	}
	return replaceFigures(scaling, clusterBegin, enginePlan(samples))
}

// circumstances say when and where the samples were taken.
func circumstances(samples []sample) string {
	var days []string
	for _, s := range samples {
		if day := s.Series.Format(dateOfSeries); !slices.Contains(days, day) {
			days = append(days, day)
		}
	}
	return fmt.Sprintf("%s, %s\n\n", strings.Join(days, " and "), machine())
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
