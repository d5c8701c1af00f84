package conform

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Reporter writes outcomes as they come.
type Reporter interface {
	// Begin is told how many cases there are.
	Begin(cases int) error
	// Tell is told of one outcome.
	Tell(o *Outcome) error
	// End is told when there are no more.
	End() error
}

// TAP writes the Test Anything Protocol, version 13: a failing case has a YAML block with
// rule, want and seen. With verbose also the end of the program's stderr.
func TAP(w io.Writer, verbose bool) Reporter { return &tap{w: w, verbose: verbose} }

type tap struct {
	w            io.Writer
	verbose      bool
	told, failed int
}

func (r *tap) Begin(cases int) error {
	_, err := fmt.Fprintf(r.w, "TAP version 13\n1..%d\n", cases)
	return err
}

func (r *tap) Tell(o *Outcome) error {
	r.told++
	word := "ok"
	if o.Failure != nil {
		word = "not ok"
		r.failed++
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d - %s (%s) # %d ms\n", word, r.told, o.Name, strings.Join(o.Rules, " "), o.Took.Milliseconds())
	if o.Failure != nil {
		b.WriteString("  ---\n")
		block(&b, "rule", o.Failure.Rule)
		block(&b, "want", o.Failure.Want)
		block(&b, "seen", o.Failure.Seen)
		if r.verbose || o.Failure.Rule == "" {
			block(&b, "stderr", o.Stderr)
		}
		b.WriteString("  ...\n")
	} else if r.verbose && o.Stderr != "" {
		for line := range strings.Lines(o.Stderr) {
			b.WriteString("# " + strings.TrimRight(line, "\n") + "\n")
		}
	}
	_, err := io.WriteString(r.w, b.String())
	return err
}

func (r *tap) End() error {
	_, err := fmt.Fprintf(r.w, "# %d cases, %d failed\n", r.told, r.failed)
	return err
}

// block writes a text as one member of a YAML block, which JSON is.
func block(b *strings.Builder, name, text string) {
	if text != "" {
		fmt.Fprintf(b, "  %s: %s\n", name, quote(text))
	}
}

// JSON writes one object a line: the outcome of a case, with `name`, `rules`, `ok`,
// `milliseconds`, and of one that failed `rule`, `want`, `seen` and `stderr`.
func JSON(w io.Writer) Reporter {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return &jsonLines{enc}
}

type jsonLines struct{ enc *json.Encoder }

func (r *jsonLines) Begin(int) error { return nil }

func (r *jsonLines) Tell(o *Outcome) error {
	line := struct {
		Name         string   `json:"name"`
		Rules        []string `json:"rules"`
		OK           bool     `json:"ok"`
		Milliseconds int64    `json:"milliseconds"`
		Rule         string   `json:"rule,omitempty"`
		Want         string   `json:"want,omitempty"`
		Seen         string   `json:"seen,omitempty"`
		Stderr       string   `json:"stderr,omitempty"`
	}{Name: o.Name, Rules: o.Rules, OK: o.Failure == nil, Milliseconds: o.Took.Milliseconds()}
	if o.Failure != nil {
		line.Rule, line.Want, line.Seen, line.Stderr = o.Failure.Rule, o.Failure.Want, o.Failure.Seen, o.Stderr
	}
	return r.enc.Encode(line)
}

func (r *jsonLines) End() error { return nil }
