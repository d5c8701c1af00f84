package contractdoc

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/siohub/siohub/controlplane/internal/fault"
)

var update = flag.Bool("update", false, "rewrite the generated parts of docs/contract.md")

const (
	root = "../../.."
	page = root + "/docs/contract.md"
)

// TestContract_SaysWhatTheCodeSays compares each generated part of the page.
func TestContract_SaysWhatTheCodeSays(t *testing.T) {
	for _, part := range []struct {
		name string
		text string
	}{
		{"service", service(t)},
		{"numbers", numbers()},
		{"reasons", reasons()},
	} {
		t.Run(part.name, func(t *testing.T) {
			whole := read(t, page)
			begin, end := "<!-- generated: "+part.name+" -->\n", "<!-- end: "+part.name+" -->"
			before, rest, ok := strings.Cut(whole, begin)
			there, after, ok2 := strings.Cut(rest, end)
			if !ok || !ok2 {
				t.Fatalf("docs/contract.md has no part %s", part.name)
			}
			if *update {
				there = part.text
				if err := os.WriteFile(page, []byte(before+begin+there+end+after), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(there, part.text); diff != "" {
				t.Errorf("docs/contract.md is not what the code says; run this test with -update (-page +code):\n%s", diff)
			}
		})
	}
}

// TestContract_NamesReasonsThatThereAre looks at the reasons in the text between the
// generated parts: each is in the table.
func TestContract_NamesReasonsThatThereAre(t *testing.T) {
	text, _, _ := strings.Cut(read(t, page), "<!-- generated: numbers -->")
	for _, quoted := range strings.Split(text, "(`")[1:] {
		name, _, _ := strings.Cut(quoted, "`)")
		if strings.ToUpper(name) != name || strings.ContainsAny(name, " .") {
			continue
		}
		if _, ok := fault.Lookup(name); !ok {
			t.Errorf("there is no reason %s", name)
		}
	}
}

// service is the program of examples/bare-java.
func service(t *testing.T) string {
	t.Helper()
	return "```java\n" + read(t, root+"/examples/bare-java/src/main/java/BareService.java") + "```\n"
}

// reasons is a table of all reasons for each code.
func reasons() string {
	var b strings.Builder
	heading := ""
	for _, e := range fault.Reasons() {
		code := strings.TrimPrefix(e.Code.String(), "CODE_")
		if code == "UNSPECIFIED" {
			code = "OK"
		}
		if code != heading {
			heading = code
			fmt.Fprintf(&b, "\n### %s\n\n| reason | meaning |\n| --- | --- |\n", code)
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", e.Name, strings.ReplaceAll(e.Meaning, "|", `\|`))
	}
	return b.String() + "\n"
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
