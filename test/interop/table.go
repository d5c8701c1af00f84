package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

const (
	document   = "docs/clients.md"
	tableStart = "<!-- table: written by make interop -->"
	tableEnd   = "<!-- end of table -->"
)

// write puts the table into the document.
func write(results []result, now time.Time) error {
	text, err := os.ReadFile(inRoot(document))
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), tableStart)
	_, after, found := strings.Cut(rest, tableEnd)
	if !ok || !found {
		return fmt.Errorf("%s has no place for the table", document)
	}
	whole := before + tableStart + "\n\n" + table(results, now) + "\n" + tableEnd + after
	return os.WriteFile(inRoot(document), []byte(whole), 0o644)
}

// table is the results as Markdown.
func table(results []result, now time.Time) string {
	var b strings.Builder
	failures := failures(results)
	fmt.Fprintf(&b, "%s, %s: %d of %d rows without a failure.\n\n", now.Format("2 January 2006"), strings.Join(platform(), ", "),
		len(results)-len(failures), len(results))
	b.WriteString("| client | version | over | the hub has |")
	for _, s := range steps {
		fmt.Fprintf(&b, " %s |", s)
	}
	b.WriteString("\n|" + strings.Repeat(" --- |", 4+len(steps)) + "\n")
	var notes []string
	for _, r := range results {
		b.WriteString(row(r, &notes))
	}
	b.WriteByte('\n')
	for i, note := range notes {
		fmt.Fprintf(&b, "%d. %s\n", i+1, note)
	}
	if len(failures) > 0 {
		b.WriteString("\nFailures:\n\n" + strings.Join(failures, ""))
	}
	return b.String()
}

// row is one result; what its client cannot do is said in the notes.
func row(r result, notes *[]string) string {
	var b strings.Builder
	_, version, _ := strings.Cut(r.version, " ")
	b.WriteString(rowStart(r.cell, version))
	for _, s := range steps {
		mark := "yes"
		switch {
		case r.failed[s] != "":
			mark = "**FAILED**"
		case r.cannot[s] != "":
			mark = "– " + note(r.cannot[s], notes)
		case r.partly[s] != "":
			mark = "in part " + note(r.partly[s], notes)
		}
		fmt.Fprintf(&b, " %s |", mark)
	}
	return b.String() + "\n"
}

// note is the number of a note.
func note(text string, notes *[]string) string {
	if !slices.Contains(*notes, text) {
		*notes = append(*notes, text)
	}
	return fmt.Sprintf("(%d)", slices.Index(*notes, text)+1)
}

// rowStart is what a row begins with, whatever came of the client.
func rowStart(c cell, version string) string {
	settings := "its defaults"
	if len(c.settings) > 0 {
		settings = "`" + strings.Join(c.settings, "`, `") + "`"
	}
	return fmt.Sprintf("| %s | %s | %s | %s |", c.name, version, c.transport, settings)
}

// failures is a list of what was not passed, an item for each result with such steps.
func failures(results []result) (items []string) {
	for _, r := range results {
		if len(r.failed) == 0 {
			continue
		}
		var whys []string
		for _, s := range steps {
			if why := r.failed[s]; why != "" {
				whys = append(whys, fmt.Sprintf("%s (%s)", s, why))
			}
		}
		items = append(items, fmt.Sprintf("- %s over %s: %s\n", r.name, r.transport, strings.Join(whys, "; ")))
	}
	return items
}
