package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestTests_DoNotSleep keeps time out of tests: they wait for a condition, or sleep
// in the virtual time of testing/synctest. Packages that have it are trusted.
func TestTests_DoNotSleep(t *testing.T) {
	virtual := map[string]bool{}
	eachTestFile(t, func(path string, file *ast.File, _ func(token.Pos) token.Position) {
		virtual[filepath.Dir(path)] = virtual[filepath.Dir(path)] || imports(file, "testing/synctest")
	})
	eachTestFile(t, func(path string, file *ast.File, position func(token.Pos) token.Position) {
		if virtual[filepath.Dir(path)] {
			return
		}
		for _, at := range sleeps(file) {
			t.Errorf("%s:%d: sleeps; wait for the condition, or use testing/synctest", path, position(at).Line)
		}
	})
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

func imports(file *ast.File, path string) bool {
	return slices.ContainsFunc(file.Imports, func(s *ast.ImportSpec) bool { return s.Path.Value == `"`+path+`"` })
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
