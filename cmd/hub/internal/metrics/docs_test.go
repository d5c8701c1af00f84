package metrics

import (
	"bytes"
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

var update = flag.Bool("update", false, "rewrite docs/metrics.md")

const docsFile = "../../../../docs/metrics.md"

func TestDocs_AreTheCatalog(t *testing.T) {
	var got bytes.Buffer
	if err := WriteDocs(&got); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(docsFile, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(docsFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("docs/metrics.md is not what the code says; run this test with -update (-file +code):\n%s", diff)
	}
}

// A metric that is registered past the factory would be missing from the docs.
func TestCatalog_HasEveryMetricOfTheRegistry(t *testing.T) {
	m := New("v1")
	var catalog []string
	for _, metric := range m.Catalog() {
		catalog = append(catalog, metric.Name+" "+strings.Join(metric.Labels, ","))
	}
	descriptions := make(chan *prometheus.Desc)
	go func() {
		defer close(descriptions)
		m.registry.Describe(descriptions)
	}()
	pattern := regexp.MustCompile(`fqName: "(hub_\w+)".*variableLabels: \{([^}]*)\}`)
	var registered []string
	for d := range descriptions {
		if found := pattern.FindStringSubmatch(d.String()); found != nil {
			registered = append(registered, found[1]+" "+found[2])
		}
	}
	slices.Sort(catalog)
	slices.Sort(registered)
	if diff := cmp.Diff(registered, catalog); diff != "" || len(catalog) == 0 {
		t.Errorf("(-registry +catalog):\n%s", diff)
	}
}

func TestDocs_ExplainEveryLabel(t *testing.T) {
	used := map[string]bool{}
	for _, m := range New("v1").Catalog() {
		if m.Help == "" || m.Group == "" {
			t.Errorf("%s has no help or no group", m.Name)
		}
		for _, name := range m.Labels {
			used[name] = true
			if !slices.ContainsFunc(labels, func(l label) bool { return l.name == name }) {
				t.Errorf("the label %s of %s is not explained", name, m.Name)
			}
		}
	}
	for _, l := range labels {
		if !used[l.name] {
			t.Errorf("no metric has the label %s", l.name)
		}
	}
}
