package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mayRest are functions of tests that sleep outside of a bubble of testing/synctest, as it
// looks, and why they do not hope for the best.
var mayRest = map[string]string{
	"cmd/hub/internal/jwt/source_test.go:RoundTrip":         "in virtual time: a source that takes long",
	"controlplane/copies_test.go:stuck":                     "waits for a condition, also in benchmarks",
	"controlplane/internal/dispatch/storm_test.go:work":     "in virtual time: a handler",
	"controlplane/internal/dispatch/storm_test.go:leave":    "in virtual time: waits for a condition",
	"controlplane/internal/dispatch/storm_test.go:step":     "in virtual time: a stream that is away",
	"controlplane/internal/dispatch/storm_test.go:runStorm": "in virtual time: from one event to the next",
	"controlplane/internal/dispatch/storm_test.go:speak":    "in virtual time: a browser that says nothing",
	"controlplane/internal/turns/turns_test.go:working":     "in virtual time: work",
	"controlplane/internal/turns/pace_test.go:customer":     "in virtual time: work",
	"controlplane/internal/turns/pace_test.go:batches":      "in virtual time: work",
	"hub/internal/engineio/helpers_test.go:eventually":      "waits for a condition, also of real connections",
	"hub/internal/engineio/unfinished_test.go:slowPost":     "in virtual time: a slow uplink",
}

// bubbles are the functions that run what they are given in virtual time.
var bubbles = map[string]bool{"synctest.Test": true, "inBubble": true}

// TestTests_DoNotSleep keeps time out of tests: they wait for a condition, or sleep
// in the virtual time of testing/synctest.
func TestTests_DoNotSleep(t *testing.T) {
	needless := maps.Clone(mayRest)
	eachTestFile(t, func(path string, file *ast.File, position func(token.Pos) token.Position) {
		for _, at := range sleeps(file) {
			if inVirtualTime(file, at) {
				continue
			}
			where := path + ":" + functionAt(file, at)
			if mayRest[where] == "" {
				t.Errorf("%s:%d: %s sleeps; wait for the condition, or use testing/synctest", path, position(at).Line, where)
			}
			delete(needless, where)
		}
	})
	for where := range needless {
		t.Errorf("%s does not sleep any more", where)
	}
}

// inVirtualTime reports whether a place is inside of what a bubble is given.
func inVirtualTime(file *ast.File, at token.Pos) (inside bool) {
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil || at < n.Pos() || n.End() <= at {
			return false
		}
		if call, ok := n.(*ast.CallExpr); ok && bubbles[types.ExprString(call.Fun)] {
			inside = true
		}
		return !inside
	})
	return inside
}

// functionAt is the function that a place is in.
func functionAt(file *ast.File, at token.Pos) string {
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Pos() <= at && at < f.End() {
			return f.Name.Name
		}
	}
	return ""
}

// sleepers are the files that sleep though they are no tests, and why that hinders nobody.
var sleepers = map[string]string{
	"hub/loadgen/pace_other.go":          "the pace of a load, on systems without a finer clock",
	"hub/internal/engineio/gorilla.go":   "the reader of one browser waits for that browser's rate",
	"hub/internal/engineio/revision3.go": "the handshake of one browser",
	"internal/virtualtime/pass.go":       "virtual time passes by a sleep",
}

// TestCode_DoesNotSleep keeps pauses out of what serves many: they wait for an event, or a timer calls.
func TestCode_DoesNotSleep(t *testing.T) {
	eachFile(t, func(path string, file *ast.File, position func(token.Pos) token.Position) {
		if strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "test/") || sleepers[path] != "" {
			return
		}
		for _, at := range sleeps(file) {
			t.Errorf("%s:%d: sleeps; wait for the event, or use a timer", path, position(at).Line)
		}
	})
}

// sleeps finds where a file calls time.Sleep.
func sleeps(file *ast.File) (at []token.Pos) {
	ast.Inspect(file, func(n ast.Node) bool {
		if call, ok := n.(*ast.SelectorExpr); ok && call.Sel.Name == "Sleep" {
			if pkg, ok := call.X.(*ast.Ident); ok && pkg.Name == "time" {
				at = append(at, call.Pos())
			}
		}
		return true
	})
	return at
}

// TestTests_WatchForLeaks sees to it that a package which starts goroutines checks
// that they end: its TestMain does. Programs are exempt, whose tests start processes,
// and packages that others test with.
func TestTests_WatchForLeaks(t *testing.T) {
	starts, tested, watches := map[string]bool{}, map[string]bool{}, map[string]bool{}
	eachFile(t, func(path string, file *ast.File, _ func(token.Pos) token.Position) {
		dir := filepath.Dir(path)
		if strings.HasSuffix(path, "_test.go") {
			tested[dir] = true
			watches[dir] = watches[dir] || slices.ContainsFunc(file.Decls, func(d ast.Decl) bool {
				f, ok := d.(*ast.FuncDecl)
				return ok && f.Name.Name == "TestMain"
			})
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			_, ok := n.(*ast.GoStmt)
			starts[dir] = starts[dir] || ok && file.Name.Name != "main"
			return !ok
		})
	})
	for dir := range starts {
		if starts[dir] && tested[dir] && !watches[dir] {
			t.Errorf("%s starts goroutines and has no TestMain that looks for leaks", dir)
		}
	}
}

func eachTestFile(t *testing.T, visit func(path string, file *ast.File, position func(token.Pos) token.Position)) {
	t.Helper()
	eachFile(t, func(path string, file *ast.File, position func(token.Pos) token.Position) {
		if strings.HasSuffix(path, "_test.go") {
			visit(path, file, position)
		}
	})
}

// eachFile visits every Go file that somebody wrote; the paths are those below the
// root.
func eachFile(t *testing.T, visit func(path string, file *ast.File, position func(token.Pos) token.Position)) {
	t.Helper()
	files := token.NewFileSet()
	err := filepath.WalkDir(root(t), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() && (name == "node_modules" || name == "gen" || name[0] == '.' && path != root(t)) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		short, err := filepath.Rel(root(t), path)
		if err != nil {
			return err
		}
		visit(short, file, files.Position)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
